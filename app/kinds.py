# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The registry of kinds of channel: a row each, naming the module under workers/ that alone knows the platform."""

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

KINDS: dict[str, str] = {
    "telegram": "workers.telegram.kind",
    "noticeboard": "workers.noticeboard.kind",
    "wechat": "workers.wechat.kind",
    "webhook": "workers.webhook.kind",
}
"""Each module has `desk(tools)`, which gives a workers.desk.Desk, or None where the kind is not set up."""

SIGNED = frozenset({"webhook"})
"""The kinds whose calls are signed with a secret of the channel."""
CAPPED = frozenset({"telegram", "wechat"})
"""The kinds whose posts ring phones, so that CAMPANELLA_CHANNEL_PER_DAY counts them."""


def known(kind: str) -> str:
    """Give a kind back, or say which kinds there are."""
    if kind not in KINDS:
        raise ValueError(f"Input should be one of {', '.join(KINDS)}")
    return kind


KnownKind = Annotated[str, AfterValidator(known), WithJsonSchema({"type": "string", "enum": list(KINDS)})]

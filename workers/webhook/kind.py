# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Webhooks as a kind of channel: another system is told of each notice, signed as Standard Webhooks asks."""

from app.checks import Answer
from app.domain.pace import Limits
from app.outbox import ChannelKind
from app.vault import Vault
from workers.consent import Consent, consent
from workers.desk import Desk, Finding, Pause, Tools
from workers.webhook.preview import previewed
from workers.webhook.sender import Sender
from workers.webhook.shown import shown


def desk(tools: Tools) -> Desk | None:
    """Set webhooks up; None without CAMPANELLA_SECRET_KEYS, since no secret to sign with could be read."""
    settings, vault = tools.settings, Vault.of(tools.settings)
    if not vault.is_open:
        return None
    limits = Limits(per_second=0, channel_per_second=settings.webhook_per_second, group_per_minute=0)
    sender = Sender(tools.pool, vault, tools.outgoing, settings.webhook_timeout, tools.clock)
    kind = ChannelKind("webhook", limits, shown, once_key=True, in_place=True)

    async def inspect(address: str, _: Pause | None) -> Finding:
        per_minute = int(settings.webhook_per_second * 60)
        return Finding(_answer(await consent(tools.outgoing, settings, address, per_minute)))

    return Desk(kind, sender.send, inspect, _nothing_to_close, settings.webhook_timeout, previewed)


def _answer(found: Consent) -> Answer:
    if found.granted is None:
        return Answer("unknown", f"The receiver could not be asked ({found.problem}).")
    if not found.granted:
        return Answer("refused", found.problem)
    rate = None if found.rate is None else f"The receiver allows {found.rate} calls a minute."
    return Answer("ok", rate)


async def _nothing_to_close() -> None:
    """Return: the way out is everybody's."""

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A kind of channel that writes on a sheet of paper: this is all that a new kind takes."""

from collections.abc import Sequence

from app.checks import Answer
from app.domain.delivery import Action, Intent, Part
from app.domain.outcome import Delivered, Wire
from app.domain.pace import Limits
from app.outbox import ChannelKind, Owed
from workers.desk import Desk, Finding, Pause, Report, Tools

LINES: list[str] = []


def desk(_: Tools) -> Desk:
    return Desk(ChannelKind("paper", Limits(0, 0, 0), shown), send, inspect, close, timeout=1)


def shown(owed: Owed) -> Sequence[Part]:
    title = next(iter(owed.notice.texts.values())).title
    text = title if owed.progress.wanted is not None else f"Annullato: {title}"
    return [Part(digest=text, payload=text)]


async def send(_: Owed, intent: Intent) -> Report:
    line = len(LINES) if intent.action is Action.POST else int(intent.reference or "0")
    LINES[line : line + 1] = [intent.payload]
    return Report(Delivered((str(line),)), Wire.RESPONSE)


async def inspect(address: str, _: Pause | None) -> Finding:
    return Finding(Answer("ok", title="Un foglio", address=address))


async def close() -> None:
    """Put the pen down."""

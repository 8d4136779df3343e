# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Does what a message of an authority asks for: an alert is told, an update amends it, a cancellation ends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from app.alerts.cap import Alert
from app.alerts.messages import Messages
from app.alerts.notices import all_clear_of, notice_of
from app.alerts.whole import Hand, stored, wholly
from app.amend import Change, amend_within, withdraw_within
from app.database import Connection
from app.domain.errors import StateConflictError
from app.domain.notice import Notice
from app.domain.stored import as_stored
from app.hold import hold_several
from app.intake import Accepted
from app.routing import Snapshot

NOTICES = """
select id, content, event_id, withdrawn_at is null as open from notice
 where id = any($1::uuid[]) order by created_at desc, id desc
"""
MIXED = "An exercise changes no real alert, nor a real one an exercise."


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message: the notice that was accepted for it, now or before, or the one that it changed."""

    number: UUID
    notice: Notice | None = None
    accepted: Accepted | None = None
    withdrawn: tuple[UUID, ...] = ()


async def take(hand: Hand, alert: Alert) -> Taken | None:
    """Act on a message, wholly or not at all; None where it ends a danger of which nobody was told. Repeatable.

    Raises StateConflictError for references to what is not known, withdrawn, or real while this is an exercise, and for
    a message that came after a later one; EventExistsError where the identifier was used for something else.
    """

    async def act(connection: Connection, snapshot: Snapshot) -> Taken | None:
        return await _Taking(hand, alert, snapshot, connection).taken()

    return await wholly(hand, act)


class _Taking:
    """One message, in the one transaction that does all it asks for."""

    def __init__(self, hand: Hand, alert: Alert, snapshot: Snapshot, connection: Connection) -> None:
        self._hand, self._alert, self._snapshot, self._connection = hand, alert, snapshot, connection
        self._messages = Messages(connection, hand.source, hand.by)

    async def taken(self) -> Taken | None:
        hand, alert = self._hand, self._alert
        if alert.kind == "Alert" and not alert.clears:
            return await self._told(notice_of(alert, alert.identifier, hand.zones))
        known = await self._messages.known(alert)
        if known is None or known["applied_at"] is None:
            numbers = await self._messages.meant(alert, known)
            await hold_several(self._connection, hand.source, numbers)
            # Looked at again, now that nobody else changes anything here: a copy may have come first.
            known = await self._messages.known(alert)
        if known is not None and known["applied_at"] is not None:
            again = Accepted(known["id"], known["created_at"], known["owed"], replayed=True)
            return Taken(again.id, _notice(known), again)
        meant = await self._fitting(numbers, begun=known is not None)
        if not meant:
            return None
        return await (self._ended(meant) if alert.clears else self._amended(meant))

    async def _fitting(self, numbers: Sequence[UUID], *, begun: bool) -> list[asyncpg.Record]:
        """Give the notices that are held, newest first, if this is the message to change them.

        What names none ends what is open; `begun`: also what it has withdrawn before it was cut off.
        """
        alert, rows = self._alert, await self._connection.fetch(NOTICES, numbers)
        if any(_notice(row).test != alert.test for row in rows):
            raise StateConflictError(MIXED, pointer="#/alert/status")
        if await self._messages.is_late(alert, numbers):
            raise StateConflictError("A later message about this alert has been taken already.", pointer="#/alert/sent")
        return [row for row in rows if row["open"] or alert.references or begun]

    async def _told(self, notice: Notice) -> Taken:
        accepted = await self._accepted(notice)
        await self._messages.keep(self._alert, accepted.id)
        return Taken(accepted.id, notice, accepted)

    async def _amended(self, meant: Sequence[asyncpg.Record]) -> Taken:
        """Give the newest notice that is open its new form; what an update puts together is told once."""
        first = next((row for row in meant if row["open"]), meant[0])
        notice = notice_of(self._alert, first["event_id"], self._hand.zones)
        await amend_within(self._connection, self._snapshot, self._change(first["id"]), notice)
        others = await self._withdrawn([row for row in meant if row is not first])
        await self._messages.keep(self._alert, first["id"])
        return Taken(first["id"], withdrawn=others)

    async def _ended(self, meant: Sequence[asyncpg.Record]) -> Taken:
        """Withdraw what is meant, then say that it is over: the withdrawal reaches nobody who has read the alert."""
        withdrawn = await self._withdrawn(meant)
        notice = all_clear_of(self._alert, self._alert.identifier, _notice(meant[0]))
        accepted = await self._accepted(notice)
        await self._messages.keep(self._alert, meant[0]["id"])
        return Taken(accepted.id, notice, accepted, withdrawn)

    async def _withdrawn(self, rows: Sequence[asyncpg.Record]) -> tuple[UUID, ...]:
        """Withdraw notices; give those that were not yet."""
        done = [(row["id"], await withdraw_within(self._connection, self._change(row["id"]))) for row in rows]
        return tuple(number for number, withdrawn in done if withdrawn.changed)

    async def _accepted(self, notice: Notice) -> Accepted:
        """Store a notice, or find what an earlier call stored."""
        there = self._connection, self._snapshot
        return await stored(self._hand, there, notice, f"urn:cap:{self._alert.sender}")

    def _change(self, number: UUID) -> Change:
        return Change(number, self._hand.source, self._hand.by, None)


def _notice(row: asyncpg.Record) -> Notice:
    return as_stored(row["content"])

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where a notice stands, from the deliveries it owes."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from uuid import UUID

from asyncpg import Record

from app.api.view import Count, View
from app.domain.delivery import State
from app.storing import Store

COUNTS = """
select notice_id, state, count(*) as number from delivery where notice_id = any($1::uuid[]) group by notice_id, state
"""


class Status(StrEnum):
    """Where a notice stands, in one word.

    accepted: stored, nothing shown yet. awaits_second_person: urgent and for everybody, so that another person must let
    it go. in_progress: some deliveries are open (due, in doubt, or held for a person).
    delivered: every channel shows it. partly_delivered: some show it, the others ended otherwise. undelivered: none
    shows it. expired: its time was over first. withdrawn: taken back, or superseded before any channel showed it.
    reaches_nobody: no channel follows it.
    """

    ACCEPTED = "accepted"
    AWAITS_SECOND_PERSON = "awaits_second_person"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    PARTLY_DELIVERED = "partly_delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REACHES_NOBODY = "reaches_nobody"


class Counts(View):
    """How many deliveries are in each state."""

    due: Count = 0
    delivered: Count = 0
    in_doubt: Count = 0
    held: Count = 0
    expired: Count = 0
    withdrawn: Count = 0
    dead: Count = 0

    @property
    def total(self) -> int:
        return self.settled + self.open

    @property
    def open(self) -> int:
        return self.due + self.in_doubt + self.held

    @property
    def settled(self) -> int:
        return self.delivered + self.expired + self.withdrawn + self.dead


ENDS = ((State.EXPIRED, Status.EXPIRED), (State.WITHDRAWN, Status.WITHDRAWN), (State.DELIVERED, Status.DELIVERED))


def status_of(counts: Counts, *, withdrawn: bool, unsigned: bool = False) -> Status:
    """Say in one word where a notice stands."""
    if withdrawn:
        return Status.WITHDRAWN
    if counts.total == 0:
        return Status.REACHES_NOBODY
    if counts.open and unsigned:
        return Status.AWAITS_SECOND_PERSON
    if counts.open:
        return Status.ACCEPTED if counts.due == counts.total else Status.IN_PROGRESS
    return _end(counts)


def _end(counts: Counts) -> Status:
    for state, status in ENDS:
        if getattr(counts, state) == counts.total:
            return status
    return Status.PARTLY_DELIVERED if counts.delivered else Status.UNDELIVERED


async def counted(pool: Store, notices: Iterable[UUID]) -> Mapping[UUID, Counts]:
    """Count the deliveries of several notices by state; a notice that owes nothing is not in the answer."""
    rows = await pool.fetch(COUNTS, list(notices))
    return {number: counts_in(row for row in rows if row["notice_id"] == number) for number in _ids(rows)}


def counts_in(rows: Iterable[Record]) -> Counts:
    return Counts(**{row["state"]: row["number"] for row in rows})


def _ids(rows: Iterable[Record]) -> set[UUID]:
    return {row["notice_id"] for row in rows}

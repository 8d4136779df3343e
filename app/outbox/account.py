# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The pace of an account as its row: whoever wants to send locks it, so that all take turns."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from app.database import Connection
from app.domain.pace import Account
from app.outbox.slowing import EASED_PACE

# Right after a bulk was accepted Postgres has no idea of it, and would look at all that is due and sort it for every
# claim (53 ms for 20,000). For this transaction it walks the indexes in their order, and stops at the limit (0.5 ms).
# What is switched off so counts as endlessly costly, for which Postgres before 18 would compile each claim (0.3 s).
# The time is that after the lock: Postgres reckons a plain `select ... for update` out before it waits for the row.
LOCK = f"""
with mine as materialized (select * from pace where kind = $1 for update)
select free_at, sent, {EASED_PACE} as slowdown, troubled_at, away_since, asked_at, asked, clock_timestamp() as now,
       set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true),
       set_config('jit', 'off', true)
  from mine as pace
"""  # noqa: S608 - ours
NEW = "insert into pace (kind, slowdown) values ($1, 1) on conflict do nothing"
CAME = "update pace set sent = $2 where kind = $1"
SPEND = """
update pace
   set free_at = $2, sent = $3,
       blocked_reason = case when away_since is not null then blocked_reason end
 where kind = $1
"""
REMEMBERED = 16
"""Answers among which the quickest is looked for."""


class Moments:
    """Places moments of the database on the monotonic clock of this process.

    It was told after the question and before the answer was read; when that is depends on what else the process does.
    So the question that was asked latest and the answer that was read soonest say most.
    """

    def __init__(self) -> None:
        """Begin without an answer."""
        self._bounds: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)

    def place(self, now: datetime, asked: float, answered: float) -> tuple[float, float]:
        """Give the monotonic seconds between which it was `now`."""
        told = now.timestamp()
        self._bounds.append((asked - told, answered - told))
        earliest, latest = self._narrow()
        if earliest > latest:  # the database has set its clock
            self._bounds = deque([self._bounds[-1]], maxlen=REMEMBERED)
            earliest, latest = self._bounds[-1]
        return told + earliest, told + latest

    def _narrow(self) -> tuple[float, float]:
        return max(first for first, _ in self._bounds), min(last for _, last in self._bounds)


async def lock(connection: Connection, kind: str) -> asyncpg.Record | None:
    """Lock the account's pace and give it, with the time; None where it has just been made."""
    row = await connection.fetchrow(LOCK, kind)
    if row is None:
        await connection.execute(NEW, kind)
    return row


async def account_of(
    connection: Connection, kind: str, row: asyncpg.Record, came: Mapping[datetime, datetime]
) -> Account:
    """Read a row that is locked. `came`: by their moments, when sends can have arrived that came late."""
    account = Account(row["free_at"], row["sent"], row["slowdown"])
    if came.keys().isdisjoint(account.sent):
        return account
    told = account.told(came)
    await connection.execute(CAME, kind, told.sent)
    return told


async def spend(
    connection: Connection, kind: str, per_second: float, account: Account, moments: Sequence[datetime]
) -> None:
    """Write down the moments (ascending) at which will be sent."""
    spent = account.spent(moments, per_second)
    await connection.execute(SPEND, kind, spent.free_at, spent.sent)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Counts what is about to be rendered, before it is: what ends its process in the middle of a claim leaves a trace.

Only where a worker has ended without a word lately; a claim that is as usual writes nothing ahead.
"""

from asyncio import sleep
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from app.database import AWAY, Connection
from app.outbox.due import FIRST, FREE, WOKEN
from app.outbox.owed import Owed

RESTS = timedelta(seconds=2)
"""Until then nobody else takes what is noted; a rendering takes milliseconds."""
A_MOMENT = 0.1
"""Seconds until what somebody else held is tried once more."""
# The end of a process loses no commit; that of Postgres may lose this count, which comes again with the next end.
UNHURRIED = "set local synchronous_commit = off"
NOTE = "update delivery set crashes = crashes + 1, due_at = $2 where id = any($1::bigint[])"  # `due` has locked them
# Nothing was locked since they were noted: whatever `due` asks is asked again, but that their own rest is no hindrance.
AGAIN = f"""
with woken as materialized ({WOKEN})
select d.id
  from unnest($2::bigint[]) with ordinality as pick (id, place)
  join delivery d on d.id = pick.id join channel c on c.id = d.channel_id
 where ({FREE}
        and d.state in ('due', 'in_doubt') and not d.parked and d.lease_until is null
        and (d.due_at <= $3 or d.due_at = $5) and (d.ready_at <= $3 or d.state = 'in_doubt' and c.can_ask)) is true
   and {FIRST}
 order by pick.place
   for no key update of c, d skip locked
"""  # noqa: S608 - every part is ours
# What somebody holds is not waited for: who changes a notice goes through its deliveries in an order of his own.
FORGET = """
with held as (
  select id from delivery where id = any($1::bigint[]) order by id for no key update skip locked
)
update delivery d
   set crashes = greatest(0, d.crashes - 1), due_at = case when d.due_at = $2 then now() else d.due_at end
  from held where d.id = held.id
returning d.id
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """What a claim is about to render, each with one crash more than it has had, and due no sooner than `until`."""

    ids: Sequence[int]
    until: datetime

    async def again(self, connection: Connection, kind: str, now: datetime, *, in_order: bool) -> Sequence[int]:
        """Lock what of it may still go out."""
        return [row["id"] for row in await connection.fetch(AGAIN, kind, self.ids, now, in_order, self.until)]

    def as_before(self, works: Sequence[Owed]) -> list[Owed]:
        """Give the deliveries with the crashes that they really had."""
        return [
            replace(work, progress=replace(work.progress, crashes=max(0, work.progress.crashes - 1))) for work in works
        ]

    async def forget(self, connection: Connection) -> Self:
        """Take it back, for this process lives; gives what somebody else holds, and is still counted."""
        gone = {row["id"] for row in await connection.fetch(FORGET, self.ids, self.until)}
        return replace(self, ids=[number for number in self.ids if number not in gone])

    async def forget_after(self, connection: Connection) -> None:
        """Take it back outside of any transaction, twice at most; what is held even then stays counted."""
        with suppress(*AWAY):
            left = await self.forget(connection) if self.ids else self
            if left.ids:
                await sleep(A_MOMENT)
                await left.forget(connection)


async def note(connection: Connection, works: Sequence[Owed], now: datetime) -> Noted:
    """Count a crash for each; it counts as soon as the transaction is over."""
    noted = Noted([work.id for work in works], now + RESTS)
    await connection.execute(UNHURRIED)
    await connection.execute(NOTE, noted.ids, noted.until)
    return noted

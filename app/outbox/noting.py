# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Counts what is about to be rendered, before it is: what ends its process in the middle of a claim leaves a trace.

Only where a worker has ended without a word lately; a claim that is as usual writes nothing ahead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.database import Connection
from app.outbox.owed import Owed

RESTS = timedelta(seconds=2)
"""Until then nobody else takes what is noted; a rendering takes milliseconds."""
NOTE = "update delivery set crashes = crashes + 1, due_at = $2 where id = any($1::bigint[])"
AGAIN = """
select d.id
  from unnest($1::bigint[]) with ordinality as pick (id, place)
  join delivery d on d.id = pick.id join channel c on c.id = d.channel_id
 where d.state in ('due', 'in_doubt') and not d.parked and d.lease_until is null
   and c.paused_at is null and c.retired_at is null and c.turn_until is null and c.free_at <= $2
 order by pick.place
   for no key update of c, d skip locked
"""
FORGET = """
update delivery set crashes = greatest(0, crashes - 1), due_at = case when due_at = $2 then now() else due_at end
 where id = any($1::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """What a claim is about to render, each with one crash more than it has had, and due no sooner than `until`."""

    ids: Sequence[int]
    until: datetime

    async def again(self, connection: Connection, now: datetime) -> Sequence[int]:
        """Lock what of it may still go out."""
        return [row["id"] for row in await connection.fetch(AGAIN, self.ids, now)]

    def as_before(self, works: Sequence[Owed]) -> list[Owed]:
        """Give the deliveries with the crashes that they really had."""
        return [replace(work, progress=replace(work.progress, crashes=work.progress.crashes - 1)) for work in works]

    async def forget(self, connection: Connection) -> None:
        """Take it back: this process lives."""
        await connection.execute(FORGET, self.ids, self.until)


async def note(connection: Connection, works: Sequence[Owed], now: datetime) -> Noted:
    """Count a crash for each; it counts as soon as the transaction is over."""
    noted = Noted([work.id for work in works], now + RESTS)
    await connection.execute(NOTE, noted.ids, noted.until)
    return noted

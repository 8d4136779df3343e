# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Reads deliveries that were found due; one whose row cannot be read is set aside, and keeps nobody waiting."""

from collections.abc import Sequence

import asyncpg

from app.database import Connection
from app.domain.delivery import State
from app.outbox.owed import OWED, Owed, owed
from app.scrub import place
from app.telemetry import SETTLED, log

# As with any other end by a fault of ours: where a post may stand that no row knows of, nothing is asked (RECORD).
SET_ASIDE = """
with ended as (
  update delivery d set state = 'dead', last_error = $3, awaits = null, settled_at = now(),
                       doubted = d.doubted or before.state = 'in_doubt'
    from (select state from delivery where id = $1) as before
   where d.id = $1 and d.token = $2
  returning d.channel_id, before.state = 'in_doubt' as stray
)
update channel set last_reference = null from ended where id = channel_id and stray and last_reference is not null
"""
# What stands of it says so then, as where a notice is withdrawn; a rest would stand after what replaces it.
CUT = "update delivery set wanted = null where id = any($1::bigint[])"


async def works_of(connection: Connection, ids: Sequence[int]) -> list[Owed]:
    """Give what these deliveries owe, in this order; a row that cannot be read ends as a dead letter."""
    works: list[Owed] = []
    for row in await _rows_of(connection, ids):
        try:
            works.append(owed(row))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must go out
            await _set_aside(connection, row, error)
    return works


async def _rows_of(connection: Connection, ids: Sequence[int]) -> list[asyncpg.Record]:
    """Read them; of what is superseded before all of it was posted nothing is wanted any more."""
    rows = list(await connection.fetch(OWED, list(ids)))
    begun = [row for row in rows if row["posts"] != "[]" and row["shown"] is None and row["state"] == State.DUE]
    cut = [row["id"] for row in begun if row["superseded"]]
    if not cut:
        return rows
    await connection.execute(CUT, cut)
    return list(await connection.fetch(OWED, list(ids)))


async def _set_aside(connection: Connection, row: asyncpg.Record, error: Exception) -> None:
    where, what = place(error), type(error).__name__
    log.error("delivery.broken", delivery=row["id"], channel=row["slug"], error=what, place=where)
    why = f"what is stored of it cannot be read ({what} at {where})"
    await connection.execute(SET_ASIDE, row["id"], row["token"], why)
    SETTLED.labels(State.DEAD).inc()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""After a backup was restored: what may have been posted since it was made waits for a person."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from app.audit import Actor, record
from app.auditing import this_user
from app.database import Connection, Database
from app.running import in_the_database

PATIENT = "set local statement_timeout = '10min'"
# What is new and old enough may stand in the channel by now, and so may whatever was on its way or in doubt, however
# young. A correction or withdrawal that was still to be made is made again: it changes nothing that is right already.
HOLD = """
update delivery
   set state = 'held', parked = false, token = token + 1, lease_until = null, settled_at = null,
       intent = case when intent ->> 'action' = 'post' then intent end,
       last_error = 'restored from a backup: look into the channel'
 where state = 'in_doubt'
    or state = 'due' and (lease_until is not null and intent ->> 'action' = 'post'
                          or shown is null and wanted is not null and ready_at < now() - $1::interval)
"""
FREE = "update delivery set token = token + 1, lease_until = null, intent = null where lease_until is not null"
# Behind the last post that the backup knows of stand others of ours, so that nothing is asked from there on.
FORGET = "update channel set turn_until = null, last_reference = null"
DURATION = re.compile(r"([0-9]{1,6})(s|m|h|d)")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """Read 90m, 1h or 2d. Raises typer.BadParameter."""
    found = DURATION.fullmatch(text)
    if found is None:
        raise typer.BadParameter("write a number and s, m, h or d, such as 90m or 1h")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def hold_overdue(
    older: Annotated[
        timedelta, typer.Option(parser=duration, metavar="AGE", help="Deliveries due for longer wait for a person.")
    ] = timedelta(hours=1),
) -> None:
    """After a restore, before a worker starts: put what may have been posted already before a person."""

    async def work(database: Database) -> None:
        async with database.pool.acquire() as connection, connection.transaction():
            count = await held_back(connection, older, this_user())
        typer.echo(f"{count} deliveries wait for a person now: see GET /v1/held.")

    in_the_database(work)


async def held_back(connection: Connection, older: timedelta, actor: Actor) -> int:
    """Hold what is overdue, in a transaction of the connection; returns how many deliveries wait for a person now."""
    await connection.execute(PATIENT)
    tag = await connection.execute(HOLD, older)
    await connection.execute(FREE)
    await connection.execute(FORGET)
    count = int(tag.rsplit(maxsplit=1)[-1])
    after = {"count": count, "older_seconds": int(older.total_seconds())}
    await record(connection, actor, "delivery.held", "delivery", after=after)
    return count

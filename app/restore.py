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
# The API may be running, and locks in this order, too.
LOCK_CHANNELS = "select from channel order by id for no key update"
LOCK_DELIVERIES = """
select from delivery where state in ('due', 'in_doubt', 'dead') or lease_until is not null order by id for no key update
"""
# What stands on a board of ours was restored with it, and nothing there can be shown twice.
ELSEWHERE = "channel_id not in (select id from channel where kind = 'noticeboard')"
# Where the channel can be asked it is, once a worker runs: what is found there is adopted, and all else is a person's.
ASK = """
update delivery d
   set state = 'in_doubt', token = d.token + 1, lease_until = null, due_at = now(),
       intent = (d.intent::jsonb || '{"asked": 0, "restored": true}')::json,
       last_error = 'restored from a backup: the channel is asked'
  from channel c
 where c.id = d.channel_id and c.can_ask and d.intent ->> 'action' = 'post' and d.intent ->> 'after' is not null
   and d.intent ->> 'key' is null and (d.state = 'in_doubt' or d.state = 'due' and d.lease_until is not null)
"""
# What is new and old enough may stand in the channel by now, and so may whatever was on its way or in doubt, however
# young. A correction or withdrawal that was still to be made is made again: it changes nothing that is right already.
HOLD = f"""
update delivery
   set state = 'held', parked = false, token = token + 1, lease_until = null, settled_at = null,
       intent = case when intent ->> 'action' = 'post' then intent end,
       last_error = 'restored from a backup: look into the channel'
 where {ELSEWHERE}
   and (state = 'in_doubt' and intent ->> 'restored' is null
        or state = 'due' and (lease_until is not null and intent ->> 'action' = 'post'
                              or shown is null and wanted is not null and ready_at < now() - $1::interval))
"""  # noqa: S608 - ours
FREE = """
update delivery set token = token + 1, lease_until = null, intent = case when state = 'in_doubt' then intent end
 where lease_until is not null
"""
# What goes out now may stand there from before, and a person may have given a dead letter a fresh start since.
DOUBT = f"""
update delivery set doubted = true
 where (state = 'dead' or state = 'due' and ready_at <= now()) and wanted is not null and shown is null
   and not doubted and {ELSEWHERE}
"""  # noqa: S608 - ours
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
            count, asked = await held_back(connection, older, this_user())
        typer.echo(f"{count} deliveries wait for a person now: see GET /v1/held.")
        if asked:
            typer.echo(f"{asked} more are asked about as soon as a worker runs; what is not found waits, too.")

    in_the_database(work)


async def held_back(connection: Connection, older: timedelta, actor: Actor) -> tuple[int, int]:
    """Hold what is overdue, in a transaction of the connection.

    Returns how many deliveries wait for a person now, and of how many the channel will be asked.
    """
    for each in (PATIENT, LOCK_CHANNELS, LOCK_DELIVERIES):
        await connection.execute(each)
    asked = changed(await connection.execute(ASK))
    count = changed(await connection.execute(HOLD, older))
    for each in (FREE, DOUBT, FORGET):
        await connection.execute(each)
    after = {"count": count, "asked": asked, "older_seconds": int(older.total_seconds())}
    await record(connection, actor, "delivery.held", "delivery", after=after)
    return count, asked


def changed(tag: str) -> int:
    """Read how many rows a statement changed."""
    return int(tag.rsplit(maxsplit=1)[-1])

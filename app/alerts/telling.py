# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Tells of a bulletin what has not been told, remembered by zone, risk and day: a re-issue tells the difference."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from app.alerts.bulletin import Bulletin, Level, ZoneDay
from app.alerts.colour import Colour
from app.alerts.difference import EVENT_SOURCE, Told, changes, event_id, notice_of
from app.alerts.taking import Hand
from app.amend import Change, withdraw
from app.intake import Accepted, Origin, accept

TOLD = "select risk, level, event_id, issued_at from bulletin_level where source = $1 and zone = $2 and day = $3"
KEEP = """
insert into bulletin_level as there (source, zone, day, risk, level, event_id, issued_at)
select $1, $2, $3, risk, level, $6, $7 from unnest($4::text[], $5::int[]) as t (risk, level)
on conflict (source, zone, day, risk) do update
   set level = excluded.level, event_id = excluded.event_id, issued_at = excluded.issued_at
 where there.issued_at <= excluded.issued_at
"""
OPEN = """
select id from notice where source = $1 and event_source = $2 and withdrawn_at is null and event_id = any($3::text[])
"""
OF_ISSUE = """
select id, created_at, owed from notice
 where source = $1 and event_source = $2 and event_id = any($3::text[]) order by created_at, id
"""


async def tell(hand: Hand, bulletin: Bulletin) -> tuple[list[Accepted], list[UUID]]:
    """Accept a notice for each zone and day of which something is new; give all of this issue, and what was withdrawn.

    Repeatable: what an earlier call told is among the notices, marked as replayed. An issue older than what was told
    last of a zone and day changes nothing there.
    """
    fresh: dict[UUID, Accepted] = {}
    withdrawn: list[UUID] = []
    for said in bulletin.days:
        if datetime.combine(
            said.day + timedelta(days=1), datetime.min.time(), bulletin.issued_at.tzinfo
        ) > datetime.now(UTC):
            accepted = await _told(hand, bulletin, said, withdrawn)
            fresh |= {} if accepted is None else {accepted.id: accepted}
    names = [event_id(bulletin, said) for said in bulletin.days]
    rows = await hand.pool.fetch(OF_ISSUE, hand.source, EVENT_SOURCE, names)
    return [fresh.get(row["id"]) or _earlier(row) for row in rows], withdrawn


async def _told(hand: Hand, bulletin: Bulletin, said: ZoneDay, withdrawn: list[UUID]) -> Accepted | None:
    rows = await hand.pool.fetch(TOLD, hand.source, said.zone, said.day)
    told = {row["risk"]: Told(Colour(row["level"]), row["event_id"]) for row in rows}
    changed = changes(said, told)
    if not changed or any(row["issued_at"] > bulletin.issued_at for row in rows):
        return None
    notice = notice_of(bulletin, said, changed, told, hand.zones[said.zone])
    if all(level.colour is Colour.GREEN for level in said.levels.values()):
        withdrawn += await _withdrawn(hand, told)
    accepted = await accept(hand.pool, hand.routing, notice, Origin(hand.source, hand.by, EVENT_SOURCE))
    await _keep(hand, bulletin, said, changed)
    return accepted


async def _withdrawn(hand: Hand, told: Mapping[str, Told]) -> list[UUID]:
    """Take back what was told of a zone and day of which nothing is left."""
    rows = await hand.pool.fetch(OPEN, hand.source, EVENT_SOURCE, [each.event_id for each in told.values()])
    for row in rows:
        await withdraw(hand.pool, Change(row["id"], hand.source, hand.by, None))
    return [row["id"] for row in rows]


async def _keep(hand: Hand, bulletin: Bulletin, said: ZoneDay, changed: Mapping[str, Level]) -> None:
    levels = [level.colour.value for level in changed.values()]
    what = (list(changed), levels, event_id(bulletin, said), bulletin.issued_at)
    await hand.pool.execute(KEEP, hand.source, said.zone, said.day, *what)


def _earlier(row: asyncpg.Record) -> Accepted:
    return Accepted(row["id"], row["created_at"], row["owed"], replayed=True)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Tells of a bulletin what has not been told, remembered by zone, risk and day: a re-issue tells the difference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg

from app.alerts.bulletin import Bulletin
from app.alerts.bulletin_day import Level, ZoneDay
from app.alerts.colour import Colour
from app.alerts.difference import EVENT_SOURCE, Told, changes, event_id, notice_of
from app.alerts.taking import Hand
from app.amend import Change, withdraw
from app.domain.errors import EventExistsError, UnauthenticatedError
from app.domain.likeness import digest
from app.domain.notice import Notice
from app.fallen import FALLEN
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
# What is known of each zone and day, and of what may be a zone (no name), is what the latest issue says. Of a zone that
# is not asked for any more, since it has another name now, nothing is open.
NOTE = f"""
with caller as (select by from (select $6::text) as caller (by) where not {FALLEN}),
over as (delete from bulletin_doubt using caller where source = $1 and day < current_date - 7),
gone as (
  update bulletin_doubt set detail = null, issued_at = $5 from caller
   where source = $1 and day = any($3::date[]) and zone <> all($2::text[]) and issued_at <= $5),
noted as (
  insert into bulletin_doubt as there (source, zone, day, detail, issued_at)
  select $1, zone, day, detail, $5 from caller, unnest($2::text[], $3::date[], $4::text[]) as t (zone, day, detail)
  on conflict (source, zone, day) do update set detail = excluded.detail, issued_at = excluded.issued_at
   where there.issued_at <= excluded.issued_at)
select exists (select from caller)
"""  # noqa: S608 - ours
OF_ISSUE = """
select id, created_at, owed from notice
 where source = $1 and event_source = $2
   and exists (select from unnest($3::text[]) as t (name) where event_id = name or starts_with(event_id, name || '/'))
 order by created_at, id
"""


@dataclass(slots=True)
class Telling:
    """What became of a bulletin: the notices of its issue, what was withdrawn, and what stands under another's name."""

    notices: list[Accepted] = field(default_factory=list)
    withdrawn: list[UUID] = field(default_factory=list)
    refused: list[EventExistsError] = field(default_factory=list)


async def tell(hand: Hand, bulletin: Bulletin) -> Telling:
    """Accept a notice for each zone and day of which something is new.

    Repeatable: what an earlier call told is among the notices, marked as replayed. An issue older than what was told
    last of a zone and day changes nothing there. What could not be read is kept for a person to see.
    """
    telling, fresh = Telling(), dict[UUID, Accepted]()
    for said in bulletin.days:
        if datetime.combine(
            said.day + timedelta(days=1), datetime.min.time(), bulletin.issued_at.tzinfo
        ) > datetime.now(UTC):
            try:
                accepted = await _told(hand, bulletin, said, telling.withdrawn)
            except EventExistsError as error:  # the zones after it are told all the same
                telling.refused.append(error)
            else:
                fresh |= {} if accepted is None else {accepted.id: accepted}
    await _note(hand, bulletin)
    names = [event_id(bulletin, said) for said in bulletin.days]
    rows = await hand.pool.fetch(OF_ISSUE, hand.source, EVENT_SOURCE, names)
    telling.notices += [fresh.get(row["id"]) or _earlier(row) for row in rows]
    return telling


async def _told(hand: Hand, bulletin: Bulletin, said: ZoneDay, withdrawn: list[UUID]) -> Accepted | None:
    rows = await hand.pool.fetch(TOLD, hand.source, said.zone, said.day)
    told = {row["risk"]: Told(Colour(row["level"]), row["event_id"]) for row in rows}
    changed = changes(said, told)
    if not changed or any(row["issued_at"] > bulletin.issued_at for row in rows):
        return None
    notice = notice_of(bulletin, said, changed, told, hand.zones[said.zone])
    if said.whole and all(level.colour is Colour.GREEN for level in said.levels.values()):
        withdrawn += await _withdrawn(hand, told)
    accepted, name = await _accepted(hand, notice)
    await _keep(hand, bulletin, said, changed, name)
    return accepted


async def _accepted(hand: Hand, notice: Notice) -> tuple[Accepted, str]:
    """Accept a notice and say under which name: where its issue has told something else under it, a longer one.

    That is so when a file that was read in part is mended and sent again. The longer name is made of what is said, so
    that a repeated bulletin makes the same one. Raises EventExistsError where that is taken as well.
    """
    origin = Origin(hand.source, hand.by, EVENT_SOURCE)
    try:
        return await accept(hand.pool, hand.routing, notice, origin), notice.event_id
    except EventExistsError:
        more = notice.model_copy(update={"event_id": f"{notice.event_id}/{digest(notice).hex()[:12]}"})
        return await accept(hand.pool, hand.routing, more, origin), more.event_id


async def _withdrawn(hand: Hand, told: Mapping[str, Told]) -> list[UUID]:
    """Take back what was told of a zone and day of which nothing is left."""
    rows = await hand.pool.fetch(OPEN, hand.source, EVENT_SOURCE, [each.event_id for each in told.values()])
    for row in rows:
        await withdraw(hand.pool, Change(row["id"], hand.source, hand.by, None))
    return [row["id"] for row in rows]


async def _keep(hand: Hand, bulletin: Bulletin, said: ZoneDay, changed: Mapping[str, Level], name: str) -> None:
    levels = [level.colour.value for level in changed.values()]
    what = (list(changed), levels, name, _told_at(bulletin))
    await hand.pool.execute(KEEP, hand.source, said.zone, said.day, *what)


def _told_at(bulletin: Bulletin) -> datetime:
    """Give when it was issued, or now: a name that is ahead of the clock makes no later issue come too late."""
    return min(bulletin.issued_at, datetime.now(UTC))


async def _note(hand: Hand, bulletin: Bulletin) -> None:
    """Keep what is in doubt of each zone and day that the bulletin speaks of, and what no longer is.

    Raises UnauthenticatedError where the key that it came with stands no more.
    """
    said = {each.day for each in bulletin.days} | {each.day for each in bulletin.doubts}
    days = sorted(day for day in said if day >= datetime.now(bulletin.issued_at.tzinfo).date())
    found: dict[tuple[date, str], str | None] = {(day, zone): None for day in days for zone in ("", *hand.zones)}
    found |= {(each.day, each.zone or ""): each.detail for each in reversed(bulletin.doubts) if each.day in days}
    if found:
        of_days, zones = map(list, zip(*found, strict=True))
        what = (zones, of_days, list(found.values()), _told_at(bulletin), hand.by)
        if not await hand.pool.fetchval(NOTE, hand.source, *what):
            raise UnauthenticatedError


def _earlier(row: asyncpg.Record) -> Accepted:
    return Accepted(row["id"], row["created_at"], row["owed"], replayed=True)

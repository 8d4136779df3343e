# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Tells of a bulletin what has not been told, remembered by zone, risk and day: a re-issue tells the difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg

from app.alerts.bulletin import Bulletin
from app.alerts.bulletin_day import Level, ZoneDay
from app.alerts.colour import Colour
from app.alerts.difference import EVENT_SOURCE, Told, changes, event_id, notice_of
from app.alerts.whole import Hand, stored, wholly
from app.amend import Change, withdraw_within
from app.database import Connection
from app.domain.errors import EventExistsError, UnauthenticatedError
from app.domain.likeness import digest
from app.domain.notice import Notice
from app.fallen import FALLEN
from app.hold import hold_several
from app.intake import Accepted
from app.routing import Snapshot

# Of two issues that arrive together the later one is told last, or the earlier one is not told.
TURN = "select pg_advisory_xact_lock(hashtextextended($1, 0))"
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
    if not _fresh(bulletin, said, await hand.pool.fetch(TOLD, hand.source, said.zone, said.day)):
        return None

    async def act(connection: Connection, snapshot: Snapshot) -> tuple[Accepted | None, list[UUID]]:
        return await _told_within((connection, snapshot), hand, bulletin, said)

    accepted, gone = await wholly(hand, act)
    withdrawn += gone
    return accepted


async def _told_within(
    there: tuple[Connection, Snapshot], hand: Hand, bulletin: Bulletin, said: ZoneDay
) -> tuple[Accepted | None, list[UUID]]:
    """Tell what is new of a zone and day, and keep that it is told; give the notice, and what is withdrawn by it."""
    connection, gone = there[0], list[UUID]()
    await connection.execute(TURN, f"{hand.source}/{said.day}/{said.zone}")
    rows = await connection.fetch(TOLD, hand.source, said.zone, said.day)
    changed, told = _fresh(bulletin, said, rows), _known(rows)
    if not changed:
        return None, gone
    notice = notice_of(bulletin, said, changed, told, hand.zones[said.zone])
    if said.whole and all(level.colour is Colour.GREEN for level in said.levels.values()):
        gone = await _withdrawn(hand, connection, told)
    accepted, name = await _accepted(hand, there, notice)
    levels = [level.colour.value for level in changed.values()]
    what = (list(changed), levels, name, _told_at(bulletin))
    await connection.execute(KEEP, hand.source, said.zone, said.day, *what)
    return accepted, gone


def _fresh(bulletin: Bulletin, said: ZoneDay, rows: Sequence[asyncpg.Record]) -> dict[str, Level]:
    """Give what is new beside what was told; of an issue older than that, nothing is."""
    late = any(row["issued_at"] > bulletin.issued_at for row in rows)
    return {} if late else changes(said, _known(rows))


def _known(rows: Sequence[asyncpg.Record]) -> dict[str, Told]:
    return {row["risk"]: Told(Colour(row["level"]), row["event_id"]) for row in rows}


async def _accepted(hand: Hand, there: tuple[Connection, Snapshot], notice: Notice) -> tuple[Accepted, str]:
    """Accept a notice and say under which name: where its issue has told something else under it, a longer one.

    That is so when a file that was read in part is mended and sent again. The longer name is made of what is said, so
    that a repeated bulletin makes the same one. Raises EventExistsError where that is taken as well.
    """
    try:
        return await stored(hand, there, notice, EVENT_SOURCE), notice.event_id
    except EventExistsError:
        more = notice.model_copy(update={"event_id": f"{notice.event_id}/{digest(notice).hex()[:12]}"})
        return await stored(hand, there, more, EVENT_SOURCE), more.event_id


async def _withdrawn(hand: Hand, connection: Connection, told: Mapping[str, Told]) -> list[UUID]:
    """Take back what was told of a zone and day of which nothing is left."""
    rows = await connection.fetch(OPEN, hand.source, EVENT_SOURCE, [each.event_id for each in told.values()])
    numbers: list[UUID] = [row["id"] for row in rows]
    await hold_several(connection, hand.source, numbers)
    for number in numbers:
        await withdraw_within(connection, Change(number, hand.source, hand.by, None))
    return numbers


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

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What would become of a notice: which channels it reaches, how each of them would show it, and when."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import asyncpg

from app.database import Pool
from app.domain.approval import unapproved
from app.domain.channel import is_broadcast, why_not
from app.domain.errors import UnknownServiceError
from app.domain.likeness import digest
from app.domain.notice import Notice
from app.domain.spoken import all_spoken
from app.domain.waits import Wait
from app.doorbell import Doorbell
from app.renderings import Place, Question, Rendered, Rendering, ask
from app.routing import channel_from
from app.waiting import Rules, Shown, standing, waits

CHANNELS = """
select id, slug, kind, address, language, fallback, services, grades, schools, areas, test,
       paused_at is not null as paused, interim and fallback as interim
  from channel where retired_at is null order by slug
"""
NAMES = """
select (select name from service where slug = $1) as service, (select name from source where slug = $2) as source,
       coalesce((select approvals from service where slug = $1), '{}') as guarded,
       array(select a.language || ' ' || a.digest from approval a join notice n on n.id = a.notice_id
              where n.source = $2 and n.event_id = $3) as approved,
       (select id from notice where source = $2 and event_source = '' and event_id = $3) as known,
       exists (select from notice n join revision r on r.notice_id = n.id
                where n.source = $2 and n.event_source = '' and n.event_id = $3 and r.digest = $4) as same,
       exists (select from notice n join revision r on r.notice_id = n.id and r.number = n.revision
                 join countersign k on k.notice_id = n.id and k.revision = n.revision
                where n.source = $2 and n.event_source = '' and n.event_id = $3 and r.digest = $4) as signed
"""
"""The source (null: none), what it has said under the event_id, and whether a second person has let just that go."""
MOST = 200
"""Channels that are shown, those that are reached first: of these alone it is worked out what they would wait for."""
FEW = 20
"""Channels of a kind that are shown each by itself; of more, those of one language show the same."""

Sort = tuple[str, str, str]
"""Kind, language and, of few, address: channels of one sort show the same."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A channel, and what keeps the notice from it, if anything; where nothing does, how it would look there.

    `awaits`: languages of texts that it would show and that nobody has approved. `meanwhile`: it shows another first.
    `waits`: all that keeps the notice from going out there at once, if it is among those that are shown.
    """

    slug: str
    kind: str
    language: str
    paused: bool
    why_not: Sequence[str]
    rendering: Rendering | None = None
    missing: str | None = None
    """Why there is no rendering."""
    awaits: Sequence[str] = ()
    meanwhile: bool = False
    waits: Sequence[Wait] = ()

    @property
    def pushes(self) -> int:
        """What it costs of a rationed quota: what is shown meanwhile is pushed, and then the approved text."""
        cost = 0 if self.rendering is None else self.rendering.pushes
        return cost * (2 if self.awaits and self.meanwhile else 1)


async def preview(
    pool: Pool, doorbell: Doorbell, notice: Notice, source: str | None, rules: Rules
) -> tuple[list[Reach], bool]:
    """Say of every channel what it would show, and whether the source has said something else under this event_id.

    Raises UnknownServiceError. Nothing is kept.
    """
    names = await pool.fetchrow(NAMES, notice.service, source, notice.event_id, digest(notice))
    if names is None or names["service"] is None:
        raise UnknownServiceError(pointer="#/service")
    rows = await pool.fetch(CHANNELS)
    channels = [channel_from(row) for row in rows]
    reasons = {row["slug"]: why_not(notice, channel) for row, channel in zip(rows, channels, strict=True)}
    reached = [row for row in rows if not reasons[row["slug"]]]
    first = _first(reached)
    questions = _questions(notice, names, first.values())
    rendered = await ask(pool, doorbell, questions)
    found = [_reach(row, reasons[row["slug"]], first, rendered) for row in rows]
    withheld = unapproved(notice, names["guarded"], names["approved"])
    seen = [_withholding(reach, row, notice, withheld) for reach, row in zip(found, rows, strict=True)]
    broadcast = rules.second_person and not names["signed"] and is_broadcast(notice, channels)
    held = replace(rules, second_person=broadcast, known=names["known"])
    other = names["known"] is not None and not names["same"]
    return await _timed(pool, notice, held, rows, seen), other


async def _timed(
    pool: Pool, notice: Notice, rules: Rules, rows: Sequence[asyncpg.Record], seen: Sequence[Reach]
) -> list[Reach]:
    """Add what the notice would wait for in each channel that it reaches and that is shown."""
    now = datetime.now(UTC)
    pairs = list(zip(seen, rows, strict=True))
    reached = [row["id"] for reach, row in pairs if not reach.why_not]
    stands = await standing(pool, notice, rules.known, reached[:MOST], now)
    return [
        replace(reach, waits=waits(notice, rules, stands[row["id"]], _shown(reach), now))
        if row["id"] in stands
        else reach
        for reach, row in pairs
    ]


def _shown(reach: Reach) -> Shown:
    """Give what is known of the post; what shows another text meanwhile waits for nobody."""
    return Shown(() if reach.meanwhile else reach.awaits, reach.rendering, reach.missing)


def _first(reached: Sequence[asyncpg.Record]) -> dict[Sort, asyncpg.Record]:
    """Give one channel for each sort of them."""
    many = Counter(row["kind"] for row in reached)
    first: dict[Sort, asyncpg.Record] = {}
    for row in reached:
        place = row["address"] if many[row["kind"]] <= FEW else ""
        first.setdefault((row["kind"], row["language"], place), row)
    return first


def _questions(notice: Notice, names: asyncpg.Record, first: Iterable[asyncpg.Record]) -> list[Question]:
    places: dict[str, list[Place]] = {}
    for row in first:
        places.setdefault(row["kind"], []).append(Place(row["slug"], row["address"], row["language"]))
    named = (notice.model_dump_json(), names["source"] or "", names["service"])
    return [Question(kind, *named, those) for kind, those in places.items()]


def _reach(
    row: asyncpg.Record,
    reasons: Sequence[str],
    first: Mapping[Sort, asyncpg.Record],
    rendered: Rendered,
) -> Reach:
    same = (row["slug"], row["kind"], row["language"], row["paused"], reasons)
    if reasons:
        return Reach(*same)
    sort = (row["kind"], row["language"])
    stands_for = first.get((*sort, row["address"])) or first[*sort, ""]
    found = rendered.renderings.get((row["kind"], stands_for["slug"]))
    return Reach(*same, found, rendered.missing.get(row["kind"]))


def _withholding(reach: Reach, row: asyncpg.Record, notice: Notice, withheld: Collection[str]) -> Reach:
    """Say which texts a person must approve first; without a worker the channel's own language is all one knows."""
    if reach.why_not or not withheld:
        return reach
    shows = reach.rendering.languages if reach.rendering else [tag for _, tag in all_spoken(notice, [reach.language])]
    awaits = [tag for tag in shows if tag in withheld]
    return replace(
        reach, awaits=awaits, meanwhile=bool(awaits) and row["interim"] and len(withheld) < len(notice.texts)
    )

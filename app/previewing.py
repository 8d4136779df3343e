# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What would become of a notice: which channels it reaches, and how each of them would show it."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import asyncpg

from app.database import Pool
from app.domain.approval import unapproved
from app.domain.channel import why_not
from app.domain.errors import UnknownServiceError
from app.domain.notice import Notice
from app.domain.spoken import all_spoken
from app.doorbell import Doorbell
from app.renderings import Place, Question, Rendered, Rendering, ask
from app.routing import channel_from

CHANNELS = """
select id, slug, kind, address, language, fallback, services, grades, schools, areas, test,
       paused_at is not null as paused, interim and fallback as interim
  from channel where retired_at is null order by slug
"""
NAMES = """
select (select name from service where slug = $1) as service, (select name from source where slug = $2) as source,
       coalesce((select approvals from service where slug = $1), '{}') as guarded,
       array(select a.language || ' ' || a.digest from approval a join notice n on n.id = a.notice_id
              where n.source = $2 and n.event_id = $3) as approved
"""
FEW = 20
"""Channels of a kind that are shown each by itself; of more, those of one language show the same."""
# Found along the index of the newest, and never more than a few of them: this costs the way in nothing.
TWIN = """
with lately as materialized (
  select source, service, event_id, withdrawn_at, content from notice
   where created_at > now() - interval '10 minutes' order by created_at desc, id desc limit 1000
)
select exists (
  select from lately
   where ($1::text is null or source = $1) and service = $2 and event_id <> $3 and withdrawn_at is null
     and (content -> 'texts')::jsonb = ($4::json -> 'texts')::jsonb
)
"""

Sort = tuple[str, str, str]
"""Kind, language and, of few, address: channels of one sort show the same."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A channel, and what keeps the notice from it, if anything; where nothing does, how it would look there.

    `awaits`: languages of texts that it would show and that nobody has approved. `meanwhile`: it shows another first.
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

    @property
    def pushes(self) -> int:
        """What it costs of a rationed quota: what is shown meanwhile is pushed, and then the approved text."""
        cost = 0 if self.rendering is None else self.rendering.pushes
        return cost * (2 if self.awaits and self.meanwhile else 1)


async def preview(pool: Pool, doorbell: Doorbell, notice: Notice, source: str | None) -> list[Reach]:
    """Say of every channel what it would show. Raises UnknownServiceError. Nothing is kept."""
    names = await pool.fetchrow(NAMES, notice.service, source, notice.event_id)
    if names is None or names["service"] is None:
        raise UnknownServiceError(pointer="#/service")
    rows = await pool.fetch(CHANNELS)
    reasons = {row["slug"]: why_not(notice, channel_from(row)) for row in rows}
    reached = [row for row in rows if not reasons[row["slug"]]]
    first = _first(reached)
    questions = _questions(notice, names, first.values())
    rendered = await ask(pool, doorbell, questions)
    found = [_reach(row, reasons[row["slug"]], first, rendered) for row in rows]
    withheld = unapproved(notice, names["guarded"], names["approved"])
    return [_waits(reach, row, notice, withheld) for reach, row in zip(found, rows, strict=True)]


async def has_twin(pool: Pool, notice: Notice, source: str | None) -> bool:
    """Tell whether the same text about the same service came in just now under another event_id, not taken back."""
    given = (source, notice.service, notice.event_id, notice.model_dump_json())
    return bool(await pool.fetchval(TWIN, *given))


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


def _waits(reach: Reach, row: asyncpg.Record, notice: Notice, withheld: Collection[str]) -> Reach:
    """Say which texts a person must approve first; without a worker the channel's own language is all one knows."""
    if reach.why_not or not withheld:
        return reach
    shows = reach.rendering.languages if reach.rendering else [tag for _, tag in all_spoken(notice, [reach.language])]
    awaits = [tag for tag in shows if tag in withheld]
    return replace(
        reach, awaits=awaits, meanwhile=bool(awaits) and row["interim"] and len(withheld) < len(notice.texts)
    )

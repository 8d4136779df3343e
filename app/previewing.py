# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What would become of a notice: which channels it reaches, and how each of them would show it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from app.database import Pool
from app.domain.channel import why_not
from app.domain.errors import UnknownServiceError
from app.domain.notice import Notice
from app.doorbell import Doorbell
from app.renderings import Place, Question, Rendering, ask
from app.routing import channel_from

CHANNELS = """
select id, slug, kind, address, language, fallback, services, grades, schools, areas, test,
       paused_at is not null as paused
  from channel where retired_at is null order by slug
"""
NAMES = """
select (select name from service where slug = $1) as service, (select name from source where slug = $2) as source
"""
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


@dataclass(frozen=True, slots=True)
class Reach:
    """A channel, and what keeps the notice from it, if anything; where nothing does, how it would look there."""

    slug: str
    kind: str
    language: str
    paused: bool
    why_not: Sequence[str]
    rendering: Rendering | None = None
    missing: str | None = None
    """Why there is no rendering."""


async def preview(pool: Pool, doorbell: Doorbell, notice: Notice, source: str | None) -> list[Reach]:
    """Say of every channel what it would show. Raises UnknownServiceError. Nothing is kept."""
    names = await pool.fetchrow(NAMES, notice.service, source)
    if names is None or names["service"] is None:
        raise UnknownServiceError(pointer="#/service")
    rows = await pool.fetch(CHANNELS)
    reasons = {row["slug"]: why_not(notice, channel_from(row)) for row in rows}
    reached = [row for row in rows if not reasons[row["slug"]]]
    first = _first(reached)
    questions = _questions(notice, names, first.values())
    rendered = await ask(pool, doorbell, questions)
    return [_reach(row, reasons[row["slug"]], first, rendered.renderings, rendered.missing) for row in rows]


async def has_twin(pool: Pool, notice: Notice, source: str | None) -> bool:
    """Tell whether the same text about the same service came in just now under another event_id, not taken back."""
    given = (source, notice.service, notice.event_id, notice.model_dump_json())
    return bool(await pool.fetchval(TWIN, *given))


def _first(reached: Sequence[asyncpg.Record]) -> dict[tuple[str, str], asyncpg.Record]:
    """Give one channel for each kind and language: the others show the same."""
    first: dict[tuple[str, str], asyncpg.Record] = {}
    for row in reached:
        first.setdefault((row["kind"], row["language"]), row)
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
    first: Mapping[tuple[str, str], asyncpg.Record],
    renderings: Mapping[tuple[str, str], Rendering],
    missing: Mapping[str, str],
) -> Reach:
    same = (row["slug"], row["kind"], row["language"], row["paused"], reasons)
    if reasons:
        return Reach(*same)
    found = renderings.get((row["kind"], first[row["kind"], row["language"]]["slug"]))
    return Reach(*same, found, missing.get(row["kind"]))

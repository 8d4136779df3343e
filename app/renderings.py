# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Asks the workers how a notice would look: rows that are never written to the log of the database, and never stay."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.database import Pool
from app.doorbell import Doorbell

PATIENCE = 8.0
"""Seconds to wait for an answer while a worker is known to be alive."""
LOOK = 0.02
ALIVE = "select exists (select from worker where seen_at > now() - interval '5 seconds')"
ASK = "insert into rendering (id, kind, question) select * from unnest($1::uuid[], $2::text[], $3::json[])"
FORGOTTEN = "delete from rendering where asked_at < now() - interval '1 minute'"
ANSWERED = "select count(*) from rendering where id = any($1::uuid[]) and answer is not null"
COLLECT = "delete from rendering where id = any($1::uuid[]) returning kind, answer"
NOBODY = "no worker is running"
SILENCE = "no worker that serves this kind of channel answered in time"


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of a kind, as far as a rendering depends on it."""

    slug: str
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Question:
    """A notice as JSON, the names that stand on it, and the channels of one kind that would show it."""

    kind: str
    notice: str
    source_name: str
    service_name: str
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class PartShown:
    """One post: its text and HTML, its length and limit in the platform's unit, and what is attached to it."""

    text: str
    length: int
    unit: str = "characters"
    limit: int | None = None
    html: str | None = None
    media: tuple[tuple[str, str], ...] = ()
    """Sort (photo or document) and address of each."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a channel would show the notice; or why it would not, and then there are no parts.

    `languages`: those of the texts that it would show. `pushes`: what that costs of a rationed quota; `chosen`: a
    person chooses what is worth that.
    """

    parts: tuple[PartShown, ...] = ()
    problem: str | None = None
    languages: tuple[str, ...] = ()
    pushes: int = 0
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came back: a rendering by kind and slug, and for each kind without any the reason."""

    renderings: Mapping[tuple[str, str], Rendering]
    missing: Mapping[str, str]


async def ask(pool: Pool, doorbell: Doorbell, questions: Sequence[Question]) -> Rendered:
    """Put the questions and wait; nothing of them is left afterwards, whatever happens here."""
    kinds = [question.kind for question in questions]
    if not await pool.fetchval(ALIVE):
        return Rendered({}, dict.fromkeys(kinds, NOBODY))
    await pool.execute(FORGOTTEN)
    numbers: list[UUID] = [uuid7() for _ in questions]
    try:
        await pool.execute(ASK, numbers, kinds, [json.dumps(asdict(question)) for question in questions])
        doorbell.ring()
        await _answered(pool, numbers)
    finally:
        rows = await pool.fetch(COLLECT, numbers)
    return _read({row["kind"]: row["answer"] for row in rows if row["answer"] is not None}, kinds)


async def _answered(pool: Pool, numbers: Sequence[UUID]) -> None:
    for _ in range(int(PATIENCE / LOOK)):
        if await pool.fetchval(ANSWERED, numbers) == len(numbers):
            return
        await asyncio.sleep(LOOK)


def _read(answers: Mapping[str, str], kinds: Sequence[str]) -> Rendered:
    found = {
        (kind, slug): rendering_from(members) for kind in answers for slug, members in json.loads(answers[kind]).items()
    }
    return Rendered(found, {kind: SILENCE for kind in kinds if kind not in answers})


def rendering_from(members: Mapping[str, Any]) -> Rendering:
    """Read a rendering from its JSON."""
    parts = tuple(PartShown(**{**part, "media": tuple(map(tuple, part["media"]))}) for part in members["parts"])
    known = {name: members[name] for name in ("pushes", "chosen") if name in members}  # an earlier version tells less
    return Rendering(parts, members["problem"], tuple(members.get("languages", ())), **known)


def question_from(text: str) -> Question:
    """Read a question from its JSON."""
    members = json.loads(text)
    return Question(**{**members, "places": [Place(**place) for place in members["places"]]})

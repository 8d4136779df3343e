# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Answers how a notice would look in channels, by each kind's own rendering; nothing is fetched, posted or kept."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import asyncpg

from app.database import Pool
from app.domain.delivery import Progress, State
from app.domain.lane import LANES
from app.domain.notice import Notice
from app.domain.outcome import Refused
from app.domain.spoken import all_spoken
from app.outbox import Owed
from app.renderings import PartShown, Place, Question, Rendering, question_from
from app.telemetry import log
from workers.desk import Desk

QUESTIONS = """
update rendering set taken_at = now()
 where id in (select id from rendering
               where answer is null and (taken_at is null or taken_at < now() - interval '15 seconds')
                 and asked_at > now() - interval '1 minute' and kind = any($1)
               order by asked_at for update skip locked limit 20)
returning id, question
"""
ANSWER = "update rendering set answer = $2::json where id = $1"
SUFFIXES = {".jpg": "photo", ".jpeg": "photo", ".png": "photo", ".pdf": "document"}
CRASHED = "this kind of channel could not render it; that is a fault of ours"


async def answer_renderings(pool: Pool, desks: Mapping[str, Desk]) -> None:
    """Answer all that is asked now."""
    for row in await pool.fetch(QUESTIONS, list(desks)):
        await _answer(pool, desks, row)


async def _answer(pool: Pool, desks: Mapping[str, Desk], row: asyncpg.Record) -> None:
    question = question_from(row["question"])
    notice = Notice.model_validate_json(question.notice)
    shown = partial(rendering, desks[question.kind], question, notice)
    answers = {place.slug: asdict(shown(place)) for place in question.places}
    await pool.execute(ANSWER, row["id"], json.dumps(answers, ensure_ascii=False))


def rendering(desk: Desk, question: Question, notice: Notice, place: Place) -> Rendering:
    """Show a notice as a channel would; a fault of a kind's rendering is told, and its words go nowhere."""
    show = desk.show or partial(plainly, desk)
    owed = _owed(question, notice, place)
    try:
        found = show(owed)
        spoken = dict.fromkeys(tag for _, tag in all_spoken(notice, desk.kind.languages(owed)))
        told = partial(Rendering, languages=tuple(spoken), pushes=desk.pushes, chosen=desk.chosen)
    except Exception as error:  # noqa: BLE001 - one kind's fault must not keep the others from being seen
        log.error("rendering.failed", kind=question.kind, error=type(error).__name__)
        return Rendering(problem=CRASHED)
    return Rendering(problem=found.reason) if isinstance(found, Refused) else told(tuple(found))


def plainly(desk: Desk, owed: Owed) -> list[PartShown] | Refused:
    """Show what a kind would send, where it has no way of its own to show it."""
    parts = desk.kind.render(owed)
    if isinstance(parts, Refused):
        return parts
    return [PartShown(part.payload, len(part.payload)) for part in parts]


def _owed(question: Question, notice: Notice, place: Place) -> Owed:
    """Make the delivery that would be owed: new, nothing shown yet, its media taken for what they are called."""
    now = datetime.now(UTC)
    return Owed(
        id=0,
        token=0,
        notice_id=draft_id(question.notice),
        channel_id=draft_id(place.slug),
        slug=place.slug,
        kind=question.kind,
        address=place.address,
        language=place.language,
        can_ask=False,
        last_reference=None,
        replies_to=None,
        media={each.href: _sort(each.href) for each in notice.attachments},
        sent=(),
        notice=notice,
        revision=1,
        shown=None,
        changed_at=now,
        withdrawn_at=None,
        source_name=question.source_name,
        service_name=question.service_name,
        progress=_not_begun(notice, now),
    )


def _not_begun(notice: Notice, now: datetime) -> Progress:
    return Progress(
        state=State.DUE,
        lane=LANES[notice.priority],
        wanted=1,
        posts=(),
        failures=0,
        crashes=0,
        give_up_at=now,
        expires_at=notice.expires_at,
        policy=notice.doubt_policy,
    )


def draft_id(content: str) -> UUID:
    """Name what is not stored yet by its content: kinds remember renderings by the notice's id."""
    return UUID(bytes=hashlib.sha256(content.encode()).digest()[:16])


def _sort(href: str) -> str | None:
    """Tell a picture from a document by its address, as nothing is fetched for a preview; else it is a link."""
    path = href.partition("?")[0].partition("#")[0].lower()
    return next((sort for suffix, sort in SUFFIXES.items() if path.endswith(suffix)), None)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Notices that come at the same moment are stored together, and nobody has the answer of another."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import rfc8785

from app.database import Pool
from app.domain.errors import CampanellaError, EventExistsError, UnauthenticatedError, UnknownServiceError
from app.domain.key import new_key
from app.domain.likeness import digest
from app.gathering import Gathering
from app.intake import Accepted, Origin
from app.routing import Routing
from app.trace import Trace
from tests.api.calling import fresh
from tests.given import a_notice


@pytest.fixture
async def gathering(pool: Pool) -> AsyncIterator[Gathering]:
    gathering = Gathering(pool, Routing())
    yield gathering
    await gathering.close()


@pytest.fixture
def source() -> str:
    return fresh("fonte")


async def results(*calls: Any) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_each_of_many_callers_has_the_own_answer(gathering: Gathering, pool: Pool, source: str) -> None:
    notices = [a_notice() for _ in range(200)]

    answers = await asyncio.gather(*(gathering.accept(notice, Origin(source, "test")) for notice in notices))

    rows = await pool.fetch("select id, event_id from notice where source = $1", source)
    assert {row["event_id"]: row["id"] for row in rows} == {
        notice.event_id: answer.id for notice, answer in zip(notices, answers, strict=True)
    }


async def test_many_that_come_at_once_share_few_commits(gathering: Gathering, pool: Pool, source: str) -> None:
    await asyncio.gather(*(gathering.accept(a_notice(), Origin(source, "test")) for _ in range(200)))

    commits = await pool.fetchval("select count(distinct xmin::text) from notice where source = $1", source)
    assert commits <= 10


async def test_what_is_known_wrong_or_new_is_told_apart_in_one_statement(gathering: Gathering, source: str) -> None:
    origin, known = Origin(source, "test"), a_notice()
    first = await gathering.accept(known, origin)
    other = known.model_copy(update={"texts": a_notice().texts})

    same, refused, homeless, new = await results(
        gathering.accept(known, origin),
        gathering.accept(other, origin),
        gathering.accept(a_notice(service="teletrasporto"), origin),
        gathering.accept(a_notice(), origin),
    )

    assert (same.id, same.replayed) == (first.id, True)
    assert isinstance(refused, EventExistsError)
    assert isinstance(homeless, UnknownServiceError)
    assert isinstance(new, Accepted)
    assert not new.replayed


async def test_a_key_that_stands_no_more_stores_nothing_and_spoils_nothing(gathering: Gathering, source: str) -> None:
    origin, fallen, known = Origin(source, "test"), Origin(source, new_key().id), a_notice()
    await gathering.accept(known, origin)

    again, refused, new = await results(
        gathering.accept(known, fallen), gathering.accept(a_notice(), fallen), gathering.accept(a_notice(), origin)
    )

    assert isinstance(again, UnauthenticatedError)
    assert isinstance(refused, UnauthenticatedError)
    assert isinstance(new, Accepted)


async def test_copies_in_one_statement_are_one_notice(gathering: Gathering, source: str) -> None:
    notice = a_notice()

    answers = await asyncio.gather(*(gathering.accept(notice, Origin(source, "test")) for _ in range(50)))

    assert len({answer.id for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1


async def test_each_notice_keeps_the_trace_of_its_own_request(gathering: Gathering, pool: Pool, source: str) -> None:
    traces = [Trace(f"{number:032x}", f"{number:016x}") for number in range(1, 20)]

    answers = await asyncio.gather(
        *(gathering.accept(a_notice(), Origin(source, "test", trace=trace)) for trace in traces)
    )

    rows = await pool.fetch("select id, traceparent from notice where source = $1", source)
    assert {row["id"]: row["traceparent"] for row in rows} == {
        answer.id: str(trace) for answer, trace in zip(answers, traces, strict=True)
    }


async def test_one_that_cannot_be_stored_now_does_not_spoil_the_others(
    gathering: Gathering, pool: Pool, source: str
) -> None:
    origin, blocked = Origin(source, "test"), a_notice()
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "insert into notice (id, source, event_id, service, kind, priority, content, policy) "
            "values (gen_random_uuid(), $1, $2, 'mensa', 'info', 'normal', '{}', 'hold')",
            source,
            blocked.event_id,
        )
        held, *others = await results(*(gathering.accept(each, origin) for each in (blocked, a_notice(), a_notice())))
        await transaction.rollback()

    assert isinstance(held, asyncpg.LockNotAvailableError)
    assert all(isinstance(other, Accepted) for other in others)


async def test_a_caller_who_went_away_costs_nobody_an_answer(gathering: Gathering, source: str) -> None:
    gone = asyncio.create_task(gathering.accept(a_notice(), Origin(source, "test")))
    stays = asyncio.create_task(gathering.accept(a_notice(), Origin(source, "test")))
    await asyncio.sleep(0)
    gone.cancel()

    answer = await stays

    assert not answer.replayed


async def test_whoever_waits_when_the_process_ends_is_not_left_waiting(pool: Pool, source: str) -> None:
    gathering = Gathering(pool, Routing())
    waiting = asyncio.gather(
        *(gathering.accept(a_notice(), Origin(source, "test")) for _ in range(10)), return_exceptions=True
    )
    await asyncio.sleep(0)

    await gathering.close()

    assert all(isinstance(end, asyncio.CancelledError | CampanellaError | Accepted) for end in await waiting)


@pytest.mark.parametrize(
    "text", ['Città: pasto "freddo"', "a\\b\u2027c", "学校食堂改供冷餐 😀", "\u00e9 e\u0301", "/</script>&\u007e"]
)
def test_the_digest_of_a_content_is_that_of_its_canonical_json(text: str) -> None:
    texts = {"it": {"title": text}, "zh-Hans": {"title": "x", "summary": text}}
    notice = a_notice(texts=texts, valid_from="2026-11-27T11:30:00+01:00")

    plain = json.loads(notice.model_dump_json())

    assert digest(notice) == hashlib.sha256(rfc8785.dumps(plain)).digest()

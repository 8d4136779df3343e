# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Equal texts that come together, in one batch or at several processes: one is taken, and the others see it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from app.access import Caller as Access
from app.alike import one_at_a_time
from app.api.acceptance import origin_of
from app.database import Pool
from app.domain.key import Role
from app.domain.notice import Notice
from app.intake import stored_or_found, wish_for
from app.routing import Routing, Snapshot
from app.settings import Settings
from tests.api.calling import PATIENCE, Answer, Caller, fresh, patiently, served

WAITS = """
select exists (select from pg_locks l join pg_database d on d.oid = l.database
                where l.locktype = 'advisory' and not l.granted and d.datname = current_database())
"""


@pytest.fixture(scope="module")
async def processes(settings: Settings, pool: Pool) -> AsyncIterator[list[Caller]]:
    """Two of an installation that refuses equal texts, as its operator."""
    strict = settings.model_copy(update={"equal_texts": "refuse"})
    async with served(strict, pool) as one, served(strict, pool) as another:
        yield [one, another]


def said(service: str, text: str = "Mensa: pasto freddo") -> dict[str, Any]:
    return {"event_id": fresh("e"), "service": service, "texts": {"it": {"title": text}}}


async def post(caller: Caller, path: str, body: Any, **headers: str) -> Answer:
    """Hand in, and again while a busy machine says that it takes too long."""
    return await patiently(lambda: caller.post(path, body, **headers))


def at_both(processes: Sequence[Caller], source: Caller) -> list[Caller]:
    """Give the source as a caller of each process."""
    return [each.having(source.key, source.slug) for each in processes]


async def test_of_two_in_one_batch_the_second_is_refused_with_the_first(processes: list[Caller]) -> None:
    service, source = await processes[0].a_service(), await processes[0].a_source()
    one, other, third = said(service), said(service), said(service, "Altro")

    whole = await source.post("/v1/notices/batch", [one, third, other])
    before = await source.pool.fetchval("select count(*) from notice where service = $1", service)
    lenient = await source.post("/v1/notices/batch", [one, third, other, one], Prefer="handling=lenient")

    items = lenient.body["items"]
    assert (whole.status, whole.pointers, before) == (422, ["#/2/texts"], 0)
    assert [item["status"] for item in items] == [202, 202, 409, 202]
    assert (items[2]["problem"]["notice"], items[3]["id"]) == (items[0]["links"]["self"], items[0]["id"])
    assert items[3]["replayed"] is True


async def test_whoever_says_so_hands_in_a_batch_of_equal_texts(processes: list[Caller]) -> None:
    service, source = await processes[0].a_service(), await processes[0].a_source()

    answer = await source.post("/v1/notices/batch?confirm=true", [said(service) for _ in range(3)])

    assert [item["status"] for item in answer.body["items"]] == [202] * 3


async def test_what_is_known_does_not_count_as_the_first_of_a_batch(processes: list[Caller]) -> None:
    service, source = await processes[0].a_service(), await processes[0].a_source()
    old = said(service)
    first = await source.post("/v1/notices", old)
    await source.pool.execute(
        "update notice set created_at = now() - interval '11 minutes' where id = $1::uuid", first.body["id"]
    )

    answer = await source.post("/v1/notices/batch", [old, said(service)])

    assert [item["status"] for item in answer.body["items"]] == [202, 202]


async def test_one_that_is_being_stored_is_waited_for_and_seen(processes: list[Caller], pool: Pool) -> None:
    service, source = await processes[0].a_service(), await processes[0].a_source()
    routing = Routing(Snapshot(equal_texts=True))
    snapshot = await routing.refresh(pool)
    notice = Notice.model_validate(said(service))
    wish = wish_for(notice, origin_of(Access("test", Role.SOURCE, source.slug)))

    async with asyncio.TaskGroup() as tasks, pool.acquire() as connection, connection.transaction():
        await stored_or_found(connection, snapshot, {0: wish})
        other = tasks.create_task(post(source, "/v1/notices", said(service)))
        async with asyncio.timeout(PATIENCE):
            while not await pool.fetchval(WAITS):
                assert not other.done()
                await asyncio.sleep(0.01)

    answer = other.result()
    assert (answer.status, answer.problem) == (409, "equal-text")
    assert answer.body["notice"].endswith(f"/v1/notices/{wish.id}")


async def test_of_many_at_several_processes_at_once_exactly_one_is_taken(processes: list[Caller]) -> None:
    service, source = await processes[0].a_service(), await processes[0].a_source()
    for number in range(10):
        callers = at_both(processes, source) * 4

        answers = await asyncio.gather(
            *(post(caller, "/v1/notices", said(service, f"Testo {number}")) for caller in callers)
        )

        (taken,) = (each for each in answers if each.status == 202)
        refused = [each for each in answers if each.status == 409]
        assert len(refused) == len(callers) - 1
        assert {each.body["notice"] for each in refused} == {taken.body["links"]["self"]}


async def test_batches_in_opposite_order_never_wait_for_each_other(processes: list[Caller]) -> None:
    service, source = await processes[0].a_service(), await processes[0].a_source()
    for number in range(5):
        texts = [f"Giro {number}, testo {each}" for each in range(20)]
        orders = (texts, texts[::-1]) * 2

        answers = await asyncio.gather(
            *(
                post(caller, "/v1/notices/batch", [said(service, each) for each in order], Prefer="handling=lenient")
                for caller, order in zip(at_both(processes, source) * 2, orders, strict=True)
            )
        )

        statuses = [item["status"] for answer in answers for item in answer.body["items"]]
        assert (statuses.count(202), statuses.count(409)) == (20, 60)


async def test_where_nothing_is_looked_for_nobody_waits(pool: Pool) -> None:
    async with one_at_a_time(pool, []) as there:
        assert there is pool

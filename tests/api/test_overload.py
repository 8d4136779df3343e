# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""More than can be done: some is refused in good order, all that is urgent is taken, and nothing taken is lost."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from app.database import Pool
from app.settings import Settings
from deploy.bench.figure import quantile
from deploy.bench.ground import ground
from deploy.bench.overload import flooded
from tests.api.calling import Answer, Caller, served, some_settings

GOOD, REFUSED = 202, {429, 503}
LONG = 2.0
"""Seconds after which Postgres ends a wait for what somebody else holds; for all else it has longer."""
CONNECTION = 22 / 1024
"""MiB that one more caller who waits is held by, at the most that was measured (figures.md)."""


@pytest.fixture
async def narrow(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """An API with little patience, which more callers ask than it can serve."""
    short = some_settings(str(settings.database_url), str(settings.redis_url), shed_after=0.05)
    async with served(short, pool) as operator:
        yield operator


async def flood(source: Caller, priority: str, until: float) -> list[Answer]:
    """Call again and again; an urgent caller takes its time, the others do not.

    That Postgres had no time for it says a machine that stood still, once it has: that is no answer to too much load.
    """
    answers: list[Answer] = []
    while time.monotonic() < until or not answers:
        begun = time.monotonic()
        answer = await source.hand_in(priority=priority)
        if answer.problem != "unavailable" or time.monotonic() - begun < LONG:
            answers.append(answer)
        await asyncio.sleep(0.05 if priority == "urgent" else 0)
    return answers


async def overloaded(operator: Caller, seconds: float, callers: int) -> dict[str, list[Answer]]:
    source = await operator.a_source()
    until = time.monotonic() + seconds
    lanes = ["urgent", *["normal"] * (callers // 2), *["bulk"] * (callers // 2)]
    done = await asyncio.gather(*(flood(source, lane, until) for lane in lanes))
    found: dict[str, list[Answer]] = {"urgent": [], "normal": [], "bulk": []}
    for lane, answers in zip(lanes, done, strict=True):
        found[lane] += answers
    accepted = {answer.body["id"] for answers in found.values() for answer in answers if answer.status == GOOD}
    stored = await source.pool.fetch("select id::text as id from notice where source = $1", source.slug)
    assert {row["id"] for row in stored} == accepted, "what was answered with 202 is there, and nothing else"
    return found


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


async def test_under_too_much_load_all_that_is_urgent_is_taken_and_nothing_taken_is_lost(narrow: Caller) -> None:
    found = await overloaded(narrow, 2, 60)

    assert statuses(found["urgent"]).keys() == {GOOD}
    assert {status for answers in found.values() for status in statuses(answers)} <= {GOOD, *REFUSED}
    refused = [answer for answers in found.values() for answer in answers if answer.status == 503]
    assert {answer.problem for answer in refused} <= {"temporary-reduced-capacity", "unavailable"}
    assert all(5 <= int(answer.headers["Retry-After"]) <= 30 for answer in refused)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_ten_minutes_at_three_times_what_can_be_done(pytestconfig: pytest.Config) -> None:
    """Or as many seconds as --flood says. The callers, the API and Postgres are processes of their own on this machine.

    They are made by what the bench makes them by; the bench itself, which has figures and aims, does not run here.
    """
    with ground() as made:
        found = asyncio.run(flooded(made, pytestconfig.getoption("--flood")))
    before, most = found.memory
    p99, counts = quantile(found.accepted, 0.99), dict(found.counts)
    held = f"{before:.0f} to {most:.0f} MiB with {found.connections} connections"
    print(f"{found.rate:.0f}/s: {counts}, p99 {p99:.2f} s; {held}")  # noqa: T201 - for whoever asks with -s

    assert found.unanswered == 0
    assert found.counts.keys() <= {"202", "429", "503"}
    assert found.statuses["urgent"].keys() == {"202"}
    assert found.lost == 0
    assert found.counts["202"] > 1000
    assert p99 <= max(1.0, 20 * found.usual)
    assert most <= 1.1 * before + found.connections * CONNECTION

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What each worker looks for every second is found without going through all channels and deliveries."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.database import Pool
from app.domain.channel import BY_HAND, MOVED_TO
from app.outbox.due import NEXT
from app.outbox.sweep import LAPSED, RETIRED
from tests.given import a_channel, accepted, channels_alike
from workers.comeback import EVERY, PAUSED, SELDOM

MANY = 3000
AMID_A_BULK = f"""
update delivery set lease_until = now(), token = 1;
analyze channel, delivery, attempt;
update delivery set lease_until = null;
update channel set free_at = now() + interval '1 hour', others_free_at = now() + interval '1 hour';
update channel set free_at = now() + interval '1 second' where slug in ('one-{MANY - 1}', 'one-{MANY}')
"""  # noqa: S608 - ours
"""As Postgres knows it from when a bulk was on the wire."""
LOOKS = {
    "lapsed": (LAPSED, (timedelta(seconds=5), [])),
    "retired": (RETIRED, ()),
    "paused": (PAUSED, (BY_HAND, ["telegram"], EVERY, SELDOM, MOVED_TO)),
}


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from steps(child)


async def passed(pool: Pool, statement: str, *given: object) -> float:
    """Give how many rows of tables a statement has read, whether it took or left them."""
    async with pool.acquire() as connection, connection.transaction():
        told = await connection.fetchval(f"explain (analyze, format json) {statement}", *given)
    looked = [step for step in steps(json.loads(told)[0]["Plan"]) if "Relation Name" in step]
    assert looked
    each = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    many: float = sum(step["Actual Loops"] * sum(step.get(name, 0) for name in each) for step in looked)
    return many


@pytest.fixture
async def town(pool: Pool) -> Pool:
    await a_channel(pool)
    await channels_alike(pool, MANY)
    await accepted(pool, priority="bulk")
    await pool.execute(AMID_A_BULK)
    return pool


@pytest.mark.parametrize("look", LOOKS)
async def test_what_nobody_has_to_be_helped_with_costs_nothing(town: Pool, look: str) -> None:
    statement, given = LOOKS[look]

    assert await passed(town, statement, *given) < 10


async def test_only_of_channels_that_will_have_rested_soon_it_is_asked_what_they_are_owed(town: Pool) -> None:
    now = await town.fetchval("select now()")

    assert await passed(town, NEXT, "telegram", now) < MANY + 10

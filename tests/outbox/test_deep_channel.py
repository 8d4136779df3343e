# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A claim costs the same however much has been delivered, and however much waits in a few channels that are free."""

import json
from datetime import UTC, datetime

import pytest

from app.database import Pool
from app.outbox.due import DUE, NEAR, NEXT
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed
from tests.outbox.test_due import ROWS, nodes

DELIVERED, WAITING = 3000, 1500
COPIES = """
with more as (
  insert into notice
  select (jsonb_populate_record(n, jsonb_build_object('id', gen_random_uuid(), 'event_id', $1::text || number))).*
    from (select m as n from notice m limit 1) one, generate_series(1, $2::int) as number
  returning id
)
insert into delivery (notice_id, channel_id, lane, ready_at, due_at, rank, give_up_at, state, wanted)
select more.id, d.channel_id, d.lane, d.ready_at, d.due_at, d.rank, d.give_up_at, $1, d.wanted
  from more, (select * from delivery where state = 'due' limit 1) d
"""
RESTS = "update channel set turn_until = null, free_at = now() + interval '1 second'"


@pytest.mark.parametrize("known", ["nothing", "all"])
async def test_what_goes_next_is_found_without_going_through_what_was_delivered(pool: Pool, known: str) -> None:
    """Where Postgres knows that many are due, it takes it for quick to look for one anywhere, in any order."""
    await a_channel(pool)
    await accepted(pool)
    await pool.execute(COPIES, "delivered", DELIVERED)
    await pool.execute(COPIES, "due", WAITING)
    if known == "all":
        await pool.execute("analyze")
    now = datetime.now(UTC)
    asked = ("telegram", 5, now, True, 2, False)

    assert await gone_through(pool, DUE, *asked) <= 2 * NEAR < WAITING
    assert len((await claimed(pool)).calls) == 1
    await pool.execute(RESTS)
    assert await gone_through(pool, NEXT, "telegram", now) <= NEAR
    assert await pool.fetchval(NEXT, "telegram", now) is not None


async def gone_through(pool: Pool, statement: str, *asked: object) -> int:
    """Explain a statement as Postgres would do it by itself, and give the most rows that any step went through."""
    plan = await pool.fetchval(f"explain (analyze, format json) {statement}", *asked)
    every = nodes([json.loads(plan)[0]["Plan"]])
    return max(int(node["Actual Loops"] * sum(node.get(rows, 0) for rows in ROWS)) for node in every)

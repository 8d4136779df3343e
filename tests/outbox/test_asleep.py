# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What waits for a person, for tomorrow or for its hour costs a claim nothing until then, however much it is."""

from datetime import UTC, datetime, timedelta

import pytest

from app.database import Pool
from app.domain.lane import GOALS, LANES
from app.domain.notice import Priority
from app.outbox.breaker import URGENT
from app.outbox.due import NEAR, NEXT
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed
from tests.outbox.test_due import BACKLOG, BEHIND, RESTING, gone_through, looked_at, much_waits

ASLEEP = {
    "for tomorrow": "awaits = 'tomorrow', due_at = $1",
    "for a person": "awaits = 'zh', due_at = $1",
    "for two persons": "awaits = 'second-person', due_at = $1, lane = 0, rank = '2016-01-01'",
    "for its hour": "ready_at = $1, due_at = $1, rank = $1::timestamptz + interval '1 minute'",
}
PUT_OFF = "(select channel_id from delivery d join channel c on c.id = d.channel_id where c.slug = 'put-off' limit 1)"


async def much_sleeps(pool: Pool, wait: str, known: str, *, interim: bool = False) -> None:
    """Let more sleep in a channel that is free than a claim looks at, besides what waits for channels that rest."""
    await much_waits(pool)
    await a_channel(pool, "put-off", areas=["put-off"], interim=interim)
    await accepted(pool, audience={"areas": ["put-off"]})
    await pool.execute(BEHIND, BACKLOG)
    hour = datetime.now(UTC) + timedelta(hours=1)
    await pool.execute(f"update delivery set {ASLEEP[wait]} where channel_id = {PUT_OFF}", hour)  # noqa: S608 - ours
    if known == "all":
        await pool.execute("analyze")


@pytest.mark.parametrize("known", ["nothing", "all"])
@pytest.mark.parametrize("wait", ASLEEP)
async def test_a_claim_does_not_go_through_what_sleeps(pool: Pool, wait: str, known: str) -> None:
    await much_sleeps(pool, wait, known)
    await a_channel(pool, "free", areas=["free"])
    await accepted(pool, audience={"areas": ["free"]})

    assert await looked_at(pool) <= NEAR + RESTING + 2 < BACKLOG
    assert [call.owed.slug for call in (await claimed(pool)).calls] == ["free"]


@pytest.mark.parametrize("known", ["nothing", "all"])
@pytest.mark.parametrize("wait", ASLEEP)
async def test_what_comes_later_in_its_channel_is_claimed_without_going_through_it(
    pool: Pool, wait: str, known: str
) -> None:
    await much_sleeps(pool, wait, known)
    later = await accepted(pool, audience={"areas": ["put-off"]})

    assert await looked_at(pool) <= NEAR + RESTING + 2
    assert [call.owed.notice_id for call in (await claimed(pool)).calls] == [later.id]


@pytest.mark.parametrize("known", ["nothing", "all"])
@pytest.mark.parametrize("wait", ASLEEP)
async def test_nor_do_those_who_ask_what_comes_next_or_whether_something_is_urgent(
    pool: Pool, wait: str, known: str
) -> None:
    await much_sleeps(pool, wait, known)
    await pool.execute("update channel set free_at = now() + interval '1 second' where slug = 'put-off'")

    now, urgent = datetime.now(UTC), GOALS[LANES[Priority.URGENT]]
    assert await gone_through(pool, NEXT, "telegram", now) <= NEAR < BACKLOG
    assert await pool.fetchval(NEXT, "telegram", now) is None
    assert await gone_through(pool, URGENT, "telegram", now, urgent) <= RESTING < BACKLOG


@pytest.mark.parametrize("interim", [False, True])
@pytest.mark.parametrize("first", [True, False])
async def test_what_has_woken_goes_in_its_turn_and_what_sleeps_stops_nobody(
    pool: Pool, *, first: bool, interim: bool
) -> None:
    await much_waits(pool)
    await a_channel(pool, "put-off", areas=["put-off"], interim=interim)
    both = [(await accepted(pool, audience={"areas": ["put-off"]})).id for _ in range(2)]
    due = datetime.now(UTC) + timedelta(hours=0 if first else 1)
    await pool.execute("update delivery set awaits = 'zh', due_at = $2 where notice_id = $1", both[0], due)

    assert [call.owed.notice_id for call in (await claimed(pool)).calls] == [both[0 if first else 1]]

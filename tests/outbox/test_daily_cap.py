# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A channel that was told enough today: what is not urgent waits for tomorrow, and says so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from app.amend import Change, amend, withdraw
from app.database import Pool
from app.domain.cap import Cap
from app.domain.outcome import Delivered, Failed, Outcome
from app.outbox import Taken, claim, give_back, resume, sweep
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import TURN, deliveries, plain, recorded
from tests.outbox.pausing import paused

TOMORROW = """
with c as (update channel set told_on = told_on - 1) update delivery set due_at = now() where state = 'due'
"""
HOLD = """
select from delivery where notice_id = (select id from notice where event_id = $1) for no key update
"""


@cache
def noon(_: Pool) -> str:
    """Name a zone in which it was about noon when a test first used its pool, so that no test sees two days."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"


async def day_begins(pool: Pool) -> None:
    await pool.execute(TOMORROW)
    await sweep(pool)


async def taken(pool: Pool, per_day: int) -> Taken:
    await pool.execute("update channel set free_at = 'epoch'")
    return await claim(pool, replace(plain(), cap=Cap(per_day, noon(pool))), TURN)


async def told(pool: Pool, per_day: int = 2, outcome: Outcome | None = None) -> list[str]:
    """Carry out all that may go; give what was said, in order."""
    said: list[str] = []
    while (found := await taken(pool, per_day)).calls or found.ended:
        for call in found.calls:
            said.append(call.intent.payload.partition(" r")[0])
            await recorded(pool, call, outcome or Delivered((str(len(said)),)))
    return said


async def hand_in(pool: Pool, *titles: str, **members: Any) -> list[UUID]:
    return [(await accepted(pool, event_id=title, texts={"it": {"title": title}}, **members)).id for title in titles]


async def test_what_is_more_than_the_cap_waits_for_tomorrow_and_goes_in_its_order(pool: Pool) -> None:
    await a_channel(pool)
    await hand_in(pool, "uno", "due", "tre", "quattro")

    today = await told(pool)
    waiting = [row for row in await deliveries(pool) if row["state"] == "due"]
    again = await told(pool)
    await day_begins(pool)

    assert (today, again, await told(pool)) == (["uno", "due"], [], ["tre", "quattro"])
    assert [row["awaits"] for row in waiting] == ["tomorrow", "tomorrow"]
    assert waiting[0]["last_error"] == "waits for tomorrow: the channel has had its 2 notices of today"
    assert len({row["due_at"] for row in waiting}) == 1, "put off by different claims, they wake as one, in their order"
    assert all(timedelta(0) < row["due_at"] - datetime.now(UTC) < timedelta(hours=24) for row in waiting)
    assert all(row["give_up_at"] > row["due_at"] for row in waiting)


async def test_what_somebody_holds_as_the_day_begins_keeps_those_behind_it_asleep_and_no_others(pool: Pool) -> None:
    await a_channel(pool, "tutti", services=["mensa"])
    await a_channel(pool, "altri", services=["trasporto"])
    await hand_in(pool, "uno", "due", "tre", "quattro")
    await hand_in(pool, "a", "b", service="trasporto")
    await told(pool, per_day=1)
    await pool.execute(TOMORROW)

    async with pool.acquire() as somebody, somebody.transaction():
        await somebody.execute(HOLD, "tre")
        await sweep(pool)
        assert await told(pool, per_day=9) == ["due", "b"]

    await sweep(pool)
    assert await told(pool, per_day=9) == ["tre", "quattro"]


async def test_what_waited_in_a_paused_channel_while_the_day_began_goes_before_what_came_later(
    pool: Pool, database_url: str
) -> None:
    channel = await a_channel(pool)
    await hand_in(pool, "uno", "due")
    today = await told(pool, 1)
    await paused(database_url)
    await day_begins(pool)
    await hand_in(pool, "tre")

    assert await resume(pool, channel)

    assert (today, await told(pool, 1)) == (["uno"], ["due"])


async def test_what_is_urgent_never_waits_and_counts(pool: Pool) -> None:
    await a_channel(pool)
    await hand_in(pool, "uno", "due", "tre")
    await told(pool)

    await hand_in(pool, "urgente", priority="urgent")
    now = await told(pool)
    await day_begins(pool)
    await hand_in(pool, "fuoco", "acqua", priority="urgent")

    assert (now, await told(pool)) == (["urgente"], ["fuoco", "acqua"])


async def test_corrections_and_withdrawals_of_what_is_shown_do_not_wait(pool: Pool) -> None:
    await a_channel(pool)
    first, second, _ = await hand_in(pool, "uno", "due", "tre")
    await told(pool)

    await amend(
        pool,
        Routing(),
        Change(first, "mensa", "test", None),
        a_notice(event_id="uno", texts={"it": {"title": "corretto"}}),
    )
    await withdraw(pool, Change(second, "mensa", "test", None))

    assert sorted(await told(pool)) == ["corretto", "due"]


async def test_a_try_again_is_counted_once(pool: Pool) -> None:
    await a_channel(pool)
    await hand_in(pool, "uno")
    (call,) = (await taken(pool, 2)).calls
    await recorded(pool, call, Failed("away"))
    await pool.execute("update delivery set due_at = now()")
    await told(pool)

    await hand_in(pool, "due", "tre")

    assert await told(pool) == ["due"]


async def test_what_was_given_back_is_not_counted(pool: Pool) -> None:
    await a_channel(pool)
    await hand_in(pool, "uno", "due")
    (call,) = (await taken(pool, 2)).calls
    await give_back(pool, plain(), call)

    assert await told(pool) == ["uno", "due"]


async def test_each_channel_has_its_own_day(pool: Pool) -> None:
    await a_channel(pool, "tutti")
    await a_channel(pool, "altri", services=["trasporto"])
    await hand_in(pool, "uno", "due", "tre")

    before = await told(pool)
    await hand_in(pool, "quattro", service="trasporto")

    assert (before, await told(pool)) == (["uno", "due"], ["quattro"])


async def test_what_waits_for_tomorrow_expires_at_its_time(pool: Pool) -> None:
    await a_channel(pool)
    await hand_in(pool, "uno", "due", "tre", expires_at="2099-01-01T00:00:00Z")
    await told(pool)

    await pool.execute("update delivery set expires_at = now() where state = 'due'")
    await sweep(pool)

    assert [row["state"] for row in await deliveries(pool)] == ["delivered", "delivered", "expired"]


async def test_without_a_cap_nothing_waits_and_nothing_is_counted(pool: Pool) -> None:
    await a_channel(pool)
    await hand_in(pool, "uno", "due", "tre")

    assert await told(pool, per_day=0) == ["uno", "due", "tre"]
    assert await pool.fetchval("select told from channel") == 0

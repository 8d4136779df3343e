# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A channel that its platform paused goes on by itself once it is mended, unless a person has paused it."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from app.domain.pace import Limits
from app.outbox import ChannelKind, claim
from app.outgoing import Outgoing
from deploy.sandbox import Sandbox
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, recorded
from tests.outbox.pausing import paused
from tests.workers import paper
from tests.workers.conftest import settings_for
from workers.comeback import look_for_comebacks
from workers.desk import Desk, Finding, Inspect, Pause, Tools
from workers.telegram.kind import desk as telegram_desk

KICKED = "update channel set paused_at = now() - interval '1 hour', paused_reason = 'the bot was removed'"
PAUSED = "select bool_or(paused_at is not null) from channel"
GROUP = -1001000000009
BASIC = -77
RETIRED = "update channel set retired_at = now() where slug = 'altra'"
MENDED: dict[str, Callable[[Sandbox], None]] = {
    "the bot may open it": lambda sandbox: sandbox.set_rights(GROUP, {"can_manage_topics": True}),
    "there are no topics any more": lambda sandbox: sandbox.forum(GROUP, forum=False),
}


@pytest.fixture
async def kicked(database_url: str) -> AsyncIterator[Pool]:
    """Give a database with a channel that its platform paused an hour ago."""
    async with asyncpg.create_pool(database_url, min_size=0, server_settings=SERVER_SETTINGS) as pool:
        await a_channel(pool, kind="paper")
        await pool.execute(KICKED)
        yield pool


async def looks(pool: Pool, inspect: Inspect = paper.inspect) -> bool:
    """Look for comebacks, and tell whether the channel is still paused."""
    kind = ChannelKind("paper", Limits(0, 0, 0), paper.shown)
    await look_for_comebacks(pool, {"paper": Desk(kind, paper.send, inspect, paper.close, timeout=1)})
    return bool(await pool.fetchval(PAUSED))


async def test_a_mended_channel_goes_on(kicked: Pool) -> None:
    assert not await looks(kicked)


async def test_a_channel_that_a_person_paused_after_its_platform_stays_so(kicked: Pool, database_url: str) -> None:
    await paused(database_url)

    assert await looks(kicked)


async def test_a_channel_that_a_person_pauses_during_the_inspection_stays_so(kicked: Pool, database_url: str) -> None:
    async def inspect(address: str, pause: Pause | None) -> Finding:
        await paused(database_url)
        return await paper.inspect(address, pause)

    assert await looks(kicked, inspect)


@pytest.mark.parametrize(
    ("address", "checked", "stays"), [("4711", 2, True), ("4711", 6, False), ("-1004711", 2, False)]
)
async def test_a_person_who_blocks_the_bot_is_asked_ever_less_often(
    kicked: Pool, address: str, checked: int, *, stays: bool
) -> None:
    """Paused ten hours ago: asked so many hours ago, and again after as long as it had been paused by then."""
    ago = "update channel set address = $1, paused_at = now() - interval '10 hours', checked_at = now() - $2::interval"
    await kicked.execute(ago, address, timedelta(hours=checked))

    assert await looks(kicked) is stays


@pytest.fixture
async def telegram(database_url: str, redis_url: str, sandbox: Sandbox) -> AsyncIterator[tuple[Pool, Desk]]:
    """Give Telegram as a worker knows it, and a database with a channel of it: a group with topics."""
    settings = settings_for(database_url, redis_url, sandbox)
    sandbox.add_chat(GROUP, "supergroup", "Genitori", standing="administrator")
    async with asyncpg.create_pool(database_url, min_size=0, server_settings=SERVER_SETTINGS) as pool:
        await a_channel(pool, address=str(GROUP))
        desk = telegram_desk(Tools(settings, pool, Outgoing.of(settings)))
        yield pool, desk
        await desk.close()


async def refused(pool: Pool, desk: Desk) -> None:
    """Post something that is refused, so that the channel pauses, an hour ago."""
    await accepted(pool)
    (call,) = (await claim(pool, desk.kind, TURN)).calls
    await recorded(pool, call, (await desk.send(call.owed, call.intent)).outcome)
    await pool.execute("update channel set paused_at = paused_at - interval '1 hour'")


async def stays(pool: Pool, desk: Desk) -> bool:
    """Look once more, and tell whether the channel is still paused."""
    await pool.execute("update channel set checked_at = null")
    await look_for_comebacks(pool, {"telegram": desk})
    return bool(await pool.fetchval(PAUSED))


@pytest.mark.parametrize("mend", MENDED)
async def test_a_channel_whose_topic_is_closed_stays_paused_until_posting_there_would_work(
    telegram: tuple[Pool, Desk], sandbox: Sandbox, mend: str
) -> None:
    """Telegram says that all is well: the bot is a member, who may post."""
    sandbox.forum(GROUP, closed=True)
    await refused(*telegram)

    before = await stays(*telegram)
    MENDED[mend](sandbox)

    assert (before, await stays(*telegram)) == (True, False)


async def test_a_channel_with_topics_that_was_paused_for_another_reason_goes_on(
    telegram: tuple[Pool, Desk], sandbox: Sandbox
) -> None:
    sandbox.forum(GROUP)
    sandbox.kick(GROUP)
    await refused(*telegram)

    before = await stays(*telegram)
    sandbox.stand(GROUP, "member")

    assert (before, await stays(*telegram)) == (True, False)


@pytest.mark.parametrize("ends", ["update channel set address = '-5' where slug = 'altra'", RETIRED])
async def test_a_group_that_moved_to_where_another_channel_is_stays_paused_as_long_as_that_one_is_there(
    telegram: tuple[Pool, Desk], sandbox: Sandbox, ends: str
) -> None:
    """Telegram answers for the old group as if nothing were the matter; only a post there is refused."""
    pool, _ = telegram
    sandbox.add_chat(BASIC, "group", "Classe 3B")
    await pool.execute("update channel set address = $1", str(BASIC))
    await a_channel(pool, "altra", address=str(sandbox.migrate(BASIC)), services=["trasporto"])
    await refused(*telegram)

    before = await stays(*telegram)
    await pool.execute(ends)

    assert (before, await stays(*telegram)) == (True, False)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The access token that workers share lies encrypted in Postgres, and serves all of them all the same."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from deploy.sandbox_wechat import WeChat
from tests.vault.test_vault import NEW, OLD, vault
from tests.wechat.town import client_for
from workers.wechat.wire import Reply, Watch

ASK = ("/cgi-bin/message/mass/get", {"msg_id": 1})
UNKNOWN = 40059
"""What WeChat answers to a question about nothing, once it has taken the token."""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, server_settings=SERVER_SETTINGS) as opened:
        yield opened


@pytest.fixture
async def wechat() -> AsyncIterator[WeChat]:
    started = await WeChat.start()
    yield started
    await started.stop()


async def asked(pool: Pool, wechat: WeChat, *keys: str) -> int:
    """Make a call as a worker with these keys would; give the errcode."""
    client = client_for(pool, wechat, vault(*keys))
    reply = await client.call(*ASK, Watch())
    await client.http.close()
    assert isinstance(reply, Reply), reply
    return reply.errcode


def fetched(wechat: WeChat) -> int:
    return len([entry for entry in wechat.journal if entry.did == "token"])


async def test_a_dump_shows_no_token_and_a_second_worker_needs_no_other(pool: Pool, wechat: WeChat) -> None:
    answers = [await asked(pool, wechat, OLD), await asked(pool, wechat, NEW, OLD)]

    dump = str([dict(row) for row in await pool.fetch("select * from kept")])
    (given,) = wechat.tokens.valid
    assert (answers, fetched(wechat)) == ([UNKNOWN, UNKNOWN], 1)
    assert "sealed" in dump
    assert given not in dump


@pytest.mark.parametrize("spoiled", ["key lost", "moved", "plain"])
async def test_a_token_that_cannot_be_read_is_fetched_anew(pool: Pool, wechat: WeChat, spoiled: str) -> None:
    await asked(pool, wechat, OLD)
    if spoiled == "moved":
        await pool.execute(
            "update kept set value = 'sealed ' || split_part(value, ' ', 2) || ' AAAAAAAAAAAAAAAAAAAAAAAA'"
        )
    if spoiled == "plain":
        await pool.execute("update kept set value = 'a token from before there were keys'")

    assert await asked(pool, wechat, NEW if spoiled == "key lost" else OLD) == UNKNOWN
    assert fetched(wechat) == 2


async def test_without_keys_workers_share_a_token_as_before(pool: Pool, wechat: WeChat) -> None:
    assert [await asked(pool, wechat), await asked(pool, wechat), fetched(wechat)] == [UNKNOWN, UNKNOWN, 1]

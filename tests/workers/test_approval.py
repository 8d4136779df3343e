# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""No kind of channel sends a text that needs an approval and has none; and a whole worker corrects what it showed."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import workers.noticeboard.shown
import workers.telegram.shown
import workers.webhook.shown
from app.approve import Consent, approve
from app.audit import Actor
from app.database import SERVER_SETTINGS, Pool
from app.domain.pace import Limits
from app.outbox import ChannelKind, Render, Turn, claim
from tests.given import a_channel, accepted
from tests.workers.conftest import City, until
from workers.wechat.shown import House, languages, shown

CHINESE = "\u7f62\u5de5"
TEXTS: dict[str, Any] = {"it": {"title": "Sciopero"}, "zh-Hans": {"title": CHINESE, "body": CHINESE}}
GUARD = "update service set approvals = '{zh}' where slug = 'mensa'"
TURN = Turn(most=50, horizon=timedelta(milliseconds=100), lease=timedelta(seconds=30))
HOUSE = House(("zh-Hans", "it"), "Comune", "Comune", "Europe/Rome")
RENDER: dict[str, Render] = {
    "telegram": partial(workers.telegram.shown.shown, municipality="Comune", zone="Europe/Rome"),
    "noticeboard": workers.noticeboard.shown.shown,
    "webhook": workers.webhook.shown.shown,
    "wechat": partial(shown, house=HOUSE),
}


def kind_of(name: str) -> ChannelKind:
    plain = ChannelKind(name, Limits(0, 0, 0), RENDER[name])
    if name != "wechat":
        return plain
    return ChannelKind(name, Limits(0, 0, 0), RENDER[name], languages=partial(languages, house=HOUSE))


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=5, server_settings=SERVER_SETTINGS) as opened:
        yield opened


async def approved(pool: Pool, number: UUID) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await approve(connection, number, Consent("zh-Hans", 1, "Mediatrice"), "key", Actor("admin"))


async def sent(pool: Pool, kind: ChannelKind) -> dict[str, str]:
    """Give what the channels that may be served would be sent."""
    await pool.execute("insert into pace (kind, slowdown) values ($1, 1) on conflict do nothing", kind.name)
    taken = await claim(pool, kind, TURN)
    return {call.owed.slug: json.dumps(json.loads(call.intent.payload), ensure_ascii=False) for call in taken.calls}


@pytest.mark.parametrize("name", RENDER)
@pytest.mark.parametrize("priority", ["urgent", "normal"])
async def test_no_kind_shows_what_nobody_has_approved(pool: Pool, name: str, priority: str) -> None:
    await pool.execute(GUARD)
    for slug, members in {"waits": {}, "interim": {"interim": True}}.items():
        await a_channel(pool, slug, kind=name, language="zh-Hans", address="all" if slug == "waits" else "", **members)
    kind = kind_of(name)
    number = (await accepted(pool, texts=TEXTS, priority=priority)).id

    before = await sent(pool, kind)
    await approved(pool, number)
    after = await sent(pool, kind)

    assert {slug: CHINESE in text for slug, text in before.items()} == {"interim": False}
    assert {slug: CHINESE in text for slug, text in after.items()} == {"waits": True}
    assert "Sciopero" in before["interim"]


async def test_a_push_in_several_languages_waits_for_all_of_them(pool: Pool) -> None:
    await pool.execute(GUARD)
    await a_channel(pool, "all", kind="wechat", language="it", address="all")
    await a_channel(pool, "tag", kind="wechat", language="it", address="tag:1")
    number = (await accepted(pool, texts=TEXTS)).id

    before = await sent(pool, kind_of("wechat"))
    await approved(pool, number)
    (together,) = (await sent(pool, kind_of("wechat"))).values()

    assert list(before) == ["tag"]
    assert (CHINESE in together, "Sciopero" in together) == (True, True)


async def test_a_worker_posts_the_italian_and_corrects_it_when_the_chinese_is_approved(city: City) -> None:
    await city.pool.execute(GUARD)
    waits, interim, italian = -1001000000011, -1001000000012, -1001000000013
    await city.channel("waits", waits, language="zh-Hans")
    await city.channel("interim", interim, language="zh-Hans", interim=True)
    await city.channel("italian", italian)
    await a_channel(city.pool, "board", kind="noticeboard", language="zh-Hans", address="zh", interim=True)
    number = (await city.accepts(texts=TEXTS)).id

    async def waiting() -> bool:
        return sorted(await city.states()) == ["delivered", "delivered", "delivered", "due"]

    await until(waiting)
    before = [CHINESE in "".join(city.texts(chat)) for chat in (waits, interim, italian)]
    board = await city.pool.fetchval("select content ->> 'title' from posting")
    await approved(city.pool, number)
    city.bell.ring()
    await city.settled()

    assert (before, board) == ([False, False, False], "Sciopero")
    assert [CHINESE in "".join(city.texts(chat)) for chat in (waits, interim, italian)] == [True, True, False]
    assert [len(city.texts(chat)) for chat in (waits, interim, italian)] == [1, 1, 1]
    assert await city.pool.fetchval("select content ->> 'title' from posting") == CHINESE

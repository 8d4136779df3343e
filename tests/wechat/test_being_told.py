# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What came of a push is told by letters: late, early, lost, repeated, forged."""

import time
from collections.abc import AsyncIterator

import pytest

from app.database import Pool
from deploy.sandbox_wechat import WeChat
from tests.api.calling import Caller
from tests.wechat.town import Town, a_town
from tests.wechat.writing import KEY, TOKEN, done, posted


@pytest.fixture
async def told(door: Caller, pool: Pool, wechat: WeChat) -> AsyncIterator[Town]:
    """A town whose WeChat knocks at the door, sealed."""
    callback = wechat.post.callback
    callback.url, callback.token, callback.aes_key = f"{door.address}/callbacks/wechat", TOKEN, KEY
    wechat.account.rules.event_retry = 0.05
    async with a_town(pool, wechat) as town:
        yield town


async def arrived(town: Town, many: int = 1) -> None:
    """Wait until so many letters have been answered."""
    deadline = time.monotonic() + 20
    while sum(len(letter.answers) for letter in town.sandbox.post.letters) < many:
        assert time.monotonic() < deadline
        await town.pool.fetchval("select pg_sleep(0.02)")


async def pushed(town: Town) -> None:
    """Push a notice and wait for the letter that tells what came of it."""
    await town.channel()
    await town.accepts()
    await town.turn()
    await arrived(town)


async def test_an_event_tells_what_came_of_a_push_and_nobody_asks(told: Town) -> None:
    await pushed(told)

    await told.settles()

    assert await told.states() == ["delivered"]
    assert list(told.calls("mass/get")) == []
    result = await told.pool.fetchval("select result ->> 'urls' from push")
    assert f"/s/{told.sandbox.pushed[0].data_id}/1" in result


@pytest.mark.parametrize(("status", "words"), [("err(20001)", "politics"), ("err(20431)", "no document names")])
async def test_an_event_names_why_a_push_was_refused(told: Town, status: str, words: str) -> None:
    told.sandbox.account.next_status = status
    await pushed(told)

    await told.settles()

    assert await told.states() == ["dead"]
    assert words in await told.reason()


async def test_an_event_that_comes_before_we_know_its_reference_is_not_lost(told: Town) -> None:
    await told.channel()
    told.sandbox.fault("answer_reset", method="message/mass/sendall")
    await told.accepts()
    await told.turn()
    await arrived(told)

    await told.settles()

    assert await told.states() == ["delivered"]
    assert list(told.calls("mass/get")) == []
    assert len(told.sandbox.sends) == 1


@pytest.mark.parametrize("trouble", ["lose", "repeat", "urls"])
async def test_lost_repeated_and_empty_events_end_alike(told: Town, trouble: str) -> None:
    setattr(told.sandbox.post.callback, trouble, 0 if trouble == "urls" else 1)
    await told.channel()
    await told.accepts()
    await told.turn()
    if trouble != "lose":
        await arrived(told)

    await told.settles()

    assert await told.states() == ["delivered"]
    assert len(list(told.calls("mass/get"))) == (1 if trouble == "lose" else 0)


async def test_a_forged_success_changes_nothing(told: Town, door: Caller) -> None:
    told.sandbox.account.needs_confirmation = True
    await told.channel()
    await told.accepts()
    await told.turn()
    number = told.sandbox.sends[0].msg_id

    answer = await posted(door, done(number), key="A" * 43)
    await told.turn()

    assert answer.status == 403
    assert await told.states() == ["in_doubt"]

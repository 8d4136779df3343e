# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Letters at our door: sealed or plain, forged, old, repeated, too large."""

import time

import pytest
from pydantic_core import Url

from app.database import Pool
from app.settings import Settings
from app.wechat.seal import signature
from app.wechat.settings import WeChatSettings
from deploy.sandbox_wechat import APP_ID
from deploy.sandbox_wechat.letters import OPENID, sealed
from tests.api.calling import Caller, served
from tests.wechat.writing import KEY, TOKEN, done, posted

KEPT = "select reference, content::text as content, mark from callback order by received_at"


async def test_the_check_of_the_url_is_answered_with_what_it_asks_for(door: Caller) -> None:
    stamp = str(int(time.time()))
    good = signature(TOKEN, stamp, "n")

    answer = await door.call("GET", f"/callbacks/wechat?signature={good}&timestamp={stamp}&nonce=n&echostr=987")
    forged = await door.call("GET", f"/callbacks/wechat?signature={good}&timestamp={stamp}&nonce=m&echostr=987")

    assert (answer.status, answer.text) == (200, "987")
    assert forged.status == 403


async def test_a_sealed_letter_is_kept_once_and_without_whoever_sent_it(door: Caller) -> None:
    answers = [await posted(door, done()) for _ in range(3)]

    rows = await door.pool.fetch(KEPT)
    assert [(answer.status, answer.text) for answer in answers] == [(200, "success")] * 3
    assert [row["reference"] for row in rows] == ["314"]
    assert OPENID not in str([dict(row) for row in rows])


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"key": None}, 403),  # plain, where only sealed letters are taken
        ({"app_id": "wx-somebody-else"}, 403),
        ({"key": KEY[::-1][:-1] + "A"}, 403),
        ({"msg_signature": "0" * 40}, 403),
        ({"signature": "0" * 40}, 403),
        ({"nonce": "9"}, 403),
        ({"timestamp": "1714036504"}, 403),
    ],
)
async def test_what_is_forged_is_refused_and_nothing_is_kept(
    door: Caller, members: dict[str, str], status: int
) -> None:
    answer = await posted(door, done(), **members)

    assert answer.status == status
    assert await door.pool.fetchval("select count(*) from callback") == 0


async def test_a_recorded_letter_opens_nothing_later(door: Caller) -> None:
    stamp = str(int(time.time()) - 3600)
    inner = sealed(done(), KEY, APP_ID)
    query = (
        f"signature={signature(TOKEN, stamp, 'n')}&timestamp={stamp}&nonce=n&encrypt_type=aes"
        f"&msg_signature={signature(TOKEN, stamp, 'n', inner)}"
    )

    answer = await door.call("POST", f"/callbacks/wechat?{query}", f"<xml><Encrypt>{inner}</Encrypt></xml>".encode())

    assert answer.status == 403


async def test_what_followers_write_is_answered_and_not_kept(door: Caller) -> None:
    text = f"<xml><FromUserName>{OPENID}</FromUserName><MsgType>text</MsgType><Content>Buongiorno</Content></xml>"

    answer = await posted(door, text.encode())

    assert (answer.status, answer.text) == (200, "success")
    assert await door.pool.fetchval("select count(*) from callback") == 0


async def test_a_letter_that_is_too_large_is_refused(door: Caller) -> None:
    answer = await posted(door, b"x" * (80 << 10))

    assert answer.status == 413


@pytest.mark.parametrize("door", [True], indirect=True)
async def test_plain_letters_are_taken_only_where_they_are_asked_for(door: Caller) -> None:
    answer = await posted(door, done(), key=None)

    assert answer.status == 200
    assert await door.pool.fetchval("select count(*) from callback") == 1


async def test_without_a_token_there_is_no_door(database_url: str, redis_url: str, pool: Pool) -> None:
    settings = Settings(database_url=Url(database_url), redis_url=Url(redis_url))
    async with served(settings, pool, WeChatSettings()) as caller:
        answer = await posted(caller, done())

    assert answer.status == 404

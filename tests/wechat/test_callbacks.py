# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Letters at our door: sealed or plain, forged, old, repeated, out of order; on the other side another library."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from pydantic_core import Url
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from app.database import Pool
from app.settings import Settings
from app.wechat.letter import LetterError, read
from app.wechat.seal import SealError, opened, signature
from app.wechat.settings import WeChatSettings
from deploy.sandbox_wechat import APP_ID, WeChat
from deploy.sandbox_wechat.letters import OPENID, addressed, sealed
from tests.api.calling import Answer, Caller, served
from tests.wechat.town import Town, a_town

TOKEN = "AAAAA"  # noqa: S105 - of the official test vector
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
DONE = (
    f"<xml><ToUserName>gh_x</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>{{at}}</CreateTime>"
    "<MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>{number}</MsgID><Status>{status}</Status>"
    "<TotalCount>20</TotalCount><FilterCount>20</FilterCount><SentCount>20</SentCount><ErrorCount>0</ErrorCount>"
    "<ArticleUrlResult>{urls}</ArticleUrlResult></xml>"
)
KEPT = "select reference, content::text as content, mark from callback order by received_at"


@pytest.fixture
async def door(request: pytest.FixtureRequest, database_url: str, redis_url: str, pool: Pool) -> AsyncIterator[Caller]:
    """The API with a callback URL; parametrize indirectly to take plain letters, too."""
    plain = getattr(request, "param", False)
    wechat = WeChatSettings(
        app_id=APP_ID, callback_token=SecretStr(TOKEN), callback_aes_key=SecretStr(KEY), callback_plain=plain
    )
    settings = Settings(database_url=Url(database_url), redis_url=Url(redis_url))
    async with served(settings, pool, wechat) as caller:
        yield replace(caller, key=None)


def done(number: object = 314, status: str = "send success", at: int = 1_800_000_000, urls: str = "") -> bytes:
    return DONE.format(number=number, status=status, at=at, urls=urls).encode()


async def posted(door: Caller, xml: bytes, *, key: str | None = KEY, app_id: str = APP_ID, **query: str) -> Answer:
    """Send a letter as WeChat does, with what a test wants otherwise in its query."""
    members, body = addressed(xml, TOKEN, key, app_id)
    text = "&".join(f"{name}={value}" for name, value in {**members, **query}.items()).replace("+", "%2B")
    return await door.call("POST", f"/callbacks/wechat?{text}", body, {"Content-Type": "text/xml"})


def test_the_signature_is_that_of_the_official_vector() -> None:
    given = "f464b24fc39322e44b38aa78f5edd27bd1441696"

    assert signature(TOKEN, "1714036504", "1514711492") == given
    check_signature(TOKEN, given, "1714036504", "1514711492")


@pytest.mark.parametrize("text", ["x", "中文 " * 500, "<xml>" + "y" * 31 + "</xml>"])
def test_what_the_other_library_seals_is_opened(text: str) -> None:
    other = WeChatCrypto(TOKEN, KEY, APP_ID)
    letter = other.encrypt_message(text, "n1", "1714036504")
    inner = letter.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]

    assert opened(inner, KEY, APP_ID).decode() == text


def test_what_the_sandbox_seals_is_opened_by_the_other_library() -> None:
    query, body = addressed(done(), TOKEN, KEY, APP_ID)
    other = WeChatCrypto(TOKEN, KEY, APP_ID)

    plain = other.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])

    assert plain.encode() == done()


@pytest.mark.parametrize("spoiled", ["A" * 44, "", "*" * 44, "A" * 64])
def test_what_was_not_sealed_with_our_key_is_not_opened(spoiled: str) -> None:
    with pytest.raises(SealError):
        opened(spoiled, KEY, APP_ID)


def test_a_letter_for_another_account_is_not_opened() -> None:
    with pytest.raises(SealError, match="another account"):
        opened(sealed(done(), KEY, "wx-somebody-else"), KEY, APP_ID)


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><xml><Event>&a;</Event></xml>",
        b"<xml><Event>",
        b"",
        b"<xml>" + b"x" * (64 << 10) + b"</xml>",
        b"\xff\xfe\x00",
    ],
)
def test_xml_that_could_do_harm_is_refused(body: bytes) -> None:
    with pytest.raises(LetterError):
        read(body, TOKEN)


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


async def test_an_event_tells_what_came_of_a_push_and_nobody_asks(told: Town) -> None:
    await told.channel()
    await told.accepts()
    await told.turn()
    await arrived(told)

    await told.settles()

    assert await told.states() == ["delivered"]
    assert list(told.calls("mass/get")) == []
    result = await told.pool.fetchval("select result ->> 'urls' from push")
    assert f"/s/{told.sandbox.pushed[0].data_id}/1" in result


@pytest.mark.parametrize(("status", "words"), [("err(20001)", "politics"), ("err(20431)", "no document names")])
async def test_an_event_names_why_a_push_was_refused(told: Town, status: str, words: str) -> None:
    told.sandbox.account.next_status = status
    await told.channel()
    await told.accepts()
    await told.turn()
    await arrived(told)

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

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The sandbox refuses what WeChat refuses; a library that is not ours calls it, and its own rules are its own."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from wechatpy.client import WeChatClient
from wechatpy.exceptions import APILimitedException, WeChatClientException

from deploy.sandbox_wechat import APP_ID, SECRET, WeChat
from deploy.sandbox_wechat.rules import CHINA
from workers.wechat.kind import COVER

PNG = COVER.read_bytes()
PICTURE = PNG[:200]
MINUTE, HOUR, DAY = 60, 3600, 86_400
NOON = datetime(2027, 1, 12, 12, tzinfo=CHINA)


@dataclass
class Client:
    """Somebody who calls without any library."""

    sandbox: WeChat
    http: aiohttp.ClientSession
    token: str = ""

    async def post(self, path: str, body: dict[str, Any] | bytes, **query: str) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        params = {"access_token": self.token, **query} if self.token else query
        async with self.http.post(f"{self.sandbox.url}/cgi-bin/{path}", data=raw, params=params) as answer:
            assert answer.status == 200
            return json.loads(await answer.text())

    async def stable(self, *, forced: bool = False) -> Any:
        body = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": forced}
        return await self.post("stable_token", body)

    async def upload(self, path: str, content: bytes, **query: str) -> Any:
        form = aiohttp.FormData()
        form.add_field("media", content, filename="x.png", content_type="image/png")
        params = {"access_token": self.token, **query}
        async with self.http.post(f"{self.sandbox.url}/cgi-bin/{path}", data=form, params=params) as answer:
            return json.loads(await answer.text())

    async def draft(self, **members: Any) -> Any:
        cover = (await self.upload("material/add_material", PNG, type="image"))["media_id"]
        article = {"title": "标题", "content": "<p>ok</p>", "thumb_media_id": cover, **members}
        return await self.post("draft/add", {"articles": [article]})

    async def send(self, draft: str, key: str | None, tag: int | None = None) -> Any:
        whom = {"is_to_all": True} if tag is None else {"is_to_all": False, "tag_id": tag}
        body = {"filter": whom, "mpnews": {"media_id": draft}, "msgtype": "mpnews"}
        return await self.post("message/mass/sendall", body | ({"clientmsgid": key} if key else {}))

    async def sent(self, key: str | None = None, tag: int | None = None, **members: Any) -> Any:
        return await self.send((await self.draft(**members))["media_id"], key, tag)


@pytest.fixture
async def client(wechat: WeChat) -> AsyncIterator[Client]:
    wechat.clock.offset = NOON.timestamp() - time.time()  # no test may begin on one day and end on the next
    async with aiohttp.ClientSession() as http:
        made = Client(wechat, http)
        made.token = (await made.stable())["access_token"]
        yield made


def later(sandbox: WeChat, seconds: float) -> None:
    sandbox.clock.offset += seconds
    sandbox.go_on()


async def test_the_stable_token_is_the_same_until_five_minutes_before_its_end_and_then_both_are_good(
    client: Client,
) -> None:
    first, again = client.token, (await client.stable())["access_token"]
    later(client.sandbox, 2 * HOUR - 299)
    second = (await client.stable())["access_token"]
    old_one = await client.post("draft/get", {"media_id": "x"})
    later(client.sandbox, 300)
    dead = await client.post("draft/get", {"media_id": "x"})

    assert (first, len(first)) == (again, 512)
    assert second != first
    assert (old_one["errcode"], dead["errcode"]) == (40007, 42001)


async def test_a_forced_refresh_is_rationed(client: Client) -> None:
    forced = await client.stable(forced=True)
    too_soon = await client.stable(forced=True)
    for _ in range(19):
        later(client.sandbox, 31)
        await client.stable(forced=True)
    later(client.sandbox, 31)
    too_many = await client.stable(forced=True)

    assert forced["access_token"] != client.token
    assert (too_soon["errcode"], too_many["errcode"]) == (45011, 45009)


async def test_the_old_call_kills_its_predecessor_and_knows_nothing_of_the_stable_one(client: Client) -> None:
    url = f"{client.sandbox.url}/cgi-bin/token?grant_type=client_credential&appid={APP_ID}&secret={SECRET}"
    async with client.http.get(url) as answer:
        first = json.loads(await answer.text())["access_token"]
    async with client.http.get(url):
        pass
    stable = await client.post("draft/get", {"media_id": "x"})
    client.token = first
    killed = await client.post("draft/get", {"media_id": "x"})

    assert (stable["errcode"], killed["errcode"]) == (40007, 40001)


@pytest.mark.parametrize(("token", "errcode"), [("", 41001), ("never-given", 40014)], ids=["missing", "unknown"])
async def test_a_bad_token_is_refused_with_status_200_and_a_mark_for_the_support(
    client: Client, token: str, errcode: int
) -> None:
    client.token = token

    answer = await client.post("draft/get", {"media_id": "x"})

    assert answer["errcode"] == errcode
    assert "rid: " in answer["errmsg"]


@pytest.mark.parametrize(
    ("members", "errcode"),
    [
        ({"title": "字" * 32}, None),
        ({"title": "字" * 33}, 45003),
        ({"author": "字" * 17}, 45110),
        ({"digest": "字" * 121}, 45004),
        ({"content": "字" * 20_000}, 45002),
        ({"content_source_url": "https://a.example/" + "x" * 1024}, 45005),
        ({"content": ""}, 47001),
        ({"thumb_media_id": "temporary"}, 40007),
    ],
)
async def test_a_draft_is_held_to_characters_and_bytes(
    client: Client, members: dict[str, str], errcode: int | None
) -> None:
    assert (await client.draft(**members)).get("errcode") == errcode


async def test_a_draft_loses_scripts_and_foreign_pictures_and_keeps_uploaded_ones(client: Client) -> None:
    url = (await client.upload("media/uploadimg", PICTURE))["url"]
    pictures = f'<img src="https://x.example/a.png"><img src="{url}">'
    content = f'<p style="color:red" onclick="x()">a<script>alert(1)</script>{pictures}</p>'

    draft = (await client.draft(content=content))["media_id"]
    stored = (await client.post("draft/get", {"media_id": draft}))["news_item"][0]["content"]

    assert "script" not in stored
    assert "x.example" not in stored
    assert "onclick" not in stored
    assert url in stored


async def test_an_escape_stands_literally_in_the_title(client: Client) -> None:
    cover = (await client.upload("material/add_material", PNG, type="image"))["media_id"]
    escaped = json.dumps({"articles": [{"title": "中", "content": "<p>x</p>", "thumb_media_id": cover}]}).encode()

    await client.post("draft/add", escaped)

    ((article,),) = client.sandbox.account.drafts.values()
    assert article.title == "\\u4e2d"


async def test_pictures_are_held_to_type_and_size(client: Client) -> None:
    assert (await client.upload("media/uploadimg", b"GIF89a"))["errcode"] == 40005
    assert (await client.upload("media/uploadimg", PNG + bytes(1 << 20)))["errcode"] == 40009
    assert (await client.upload("material/add_material", PNG, type="thumb"))["errcode"] == 40005
    assert (await client.upload("material/add_material", PNG, type="voice"))["errcode"] == 40004


async def test_temporary_media_die_after_three_days_and_are_no_cover(client: Client) -> None:
    media = (await client.upload("media/upload", PNG, type="image"))["media_id"]

    refused = await client.draft(thumb_media_id=media)
    later(client.sandbox, 3 * DAY + 1)

    assert refused["errcode"] == 40007
    assert media not in client.sandbox.account.uploads


async def test_a_key_is_remembered_for_a_day(client: Client) -> None:
    client.sandbox.account.rules.clientmsgid_rest = 60
    draft = (await client.draft())["media_id"]
    first = await client.send(draft, "k1")
    too_fast = await client.send(draft, "k1")
    later(client.sandbox, 61)
    known = await client.send(draft, "k1")
    too_long = await client.send(draft, "x" * 33)

    assert (too_fast["errcode"], known["errcode"], known["msg_id"]) == (45066, 45065, first["msg_id"])
    assert too_long["errcode"] == 45067
    assert first["msg_id"] > 2**31


async def test_without_a_key_a_digest_of_audience_and_content_is_one(client: Client) -> None:
    draft = (await client.draft())["media_id"]
    first = await client.send(draft, None)
    await asyncio.sleep(0.02)

    assert (await client.send(draft, None))["msg_id"] == first["msg_id"]


async def test_once_a_day_to_all_and_four_a_month_for_each_follower(client: Client) -> None:
    for follower in client.sandbox.account.followers[:2]:
        follower.tags.add(1)
    for number in range(4):
        await client.sent(f"t{number}", tag=1)
        later(client.sandbox, 1)

    to_all = await client.sent("all")
    later(client.sandbox, 1)
    again = await client.sent("all-2")
    fifth = await client.sent("t5", tag=1)
    later(client.sandbox, 1)

    assert "msg_id" in to_all
    assert again["errcode"] == 45028
    sends = client.sandbox.account.sends
    assert (sends[to_all["msg_id"]].sent, sends[to_all["msg_id"]].total) == (18, 20)
    assert (sends[fifth["msg_id"]].sent, sends[fifth["msg_id"]].total) == (0, 2)


async def test_an_overseas_account_sends_articles_only(client: Client) -> None:
    body = {"filter": {"is_to_all": True}, "text": {"content": "x"}, "msgtype": "text"}
    overseas = await client.post("message/mass/sendall", body)
    client.sandbox.account.profile_name = "mainland_service"

    assert overseas["errcode"] == 48008
    assert "msg_id" in await client.post("message/mass/sendall", body)


@pytest.mark.parametrize(
    ("profile", "path", "errcode"),
    [
        ("unverified", "message/mass/sendall", 48001),
        ("unverified", "freepublish/submit", 48001),
        ("expired", "draft/add", 48001),
        ("banned", "draft/add", 50002),
        ("publish_only", "message/mass/sendall", 48001),
        ("publish_only", "freepublish/submit", 40007),
    ],
)
async def test_each_profile_may_do_what_it_may(client: Client, profile: str, path: str, errcode: int) -> None:
    client.sandbox.account.profile_name = profile
    body = {"filter": {"is_to_all": True}, "mpnews": {"media_id": "x"}, "msgtype": "mpnews", "articles": [{}]}

    assert (await client.post(path, body))["errcode"] == errcode


async def test_an_address_that_is_not_on_the_list_is_refused(client: Client) -> None:
    client.sandbox.account.allowed_addresses = {"192.0.2.1"}

    assert (await client.stable())["errcode"] == 40164


async def test_an_administrator_confirms_refuses_or_is_silent(client: Client) -> None:
    client.sandbox.account.needs_confirmation = True
    states = []
    for number in range(3):
        send = client.sandbox.account.sends[(await client.sent(f"k{number}"))["msg_id"]]
        before = (await client.post("message/mass/get", {"msg_id": send.msg_id}))["msg_status"]
        if number == 0:
            client.sandbox.confirm(send)
        elif number == 1:
            client.sandbox.refuse(send)
        later(client.sandbox, 31 * MINUTE)
        after = (await client.post("message/mass/get", {"msg_id": str(send.msg_id)}))["msg_status"]
        states.append((before, after))
        later(client.sandbox, DAY)
        client.token = (await client.stable())["access_token"]

    assert states == [("SENDING", "SEND_SUCCESS"), ("SENDING", "SEND_FAIL"), ("SENDING", "SEND_FAIL")]


async def test_what_is_sent_can_be_deleted_once_and_what_is_not_there_cannot(client: Client) -> None:
    number = (await client.sent("k"))["msg_id"]
    later(client.sandbox, 1)

    assert (await client.post("message/mass/delete", {"msg_id": number}))["errcode"] == 0
    assert (await client.post("message/mass/get", {"msg_id": number}))["msg_status"] == "DELETE"
    assert (await client.post("message/mass/delete", {"msg_id": number}))["errcode"] == 40059


async def test_quotas_can_be_looked_at_and_cleared_ten_times_a_month(client: Client) -> None:
    await client.draft()
    quota = (await client.post("openapi/quota/get", {"cgi_path": "/cgi-bin/draft/add"}))["quota"]
    cleared = [(await client.post("clear_quota", {"appid": APP_ID}))["errcode"] for _ in range(11)]

    assert quota == {"daily_limit": 1000, "used": 1, "remain": 999}
    assert cleared == [0] * 10 + [48006]


async def test_sixty_sends_a_minute(client: Client) -> None:
    client.sandbox.account.rules.daily.pop("/cgi-bin/message/mass/sendall")
    client.sandbox.account.followers[0].tags.add(1)
    body = {"filter": {"tag_id": 1}, "mpnews": {"media_id": "x"}, "msgtype": "mpnews"}
    client.sandbox.account.drafts["x"] = []
    answers = []
    for number in range(61):
        client.sandbox.account.drafts["x"] = []
        answers.append((await client.post("message/mass/sendall", {**body, "clientmsgid": f"k{number}"}))["errcode"])

    assert answers == [0] * 60 + [45011]


@pytest.fixture
def other(client: Client) -> WeChatClient:
    """A library that is not ours, with the sandbox in WeChat's place."""
    made = WeChatClient(APP_ID, SECRET, access_token=client.token)
    made.API_BASE_URL = f"{client.sandbox.url}/cgi-bin/"
    return made


async def test_another_library_drafts_sends_asks_and_deletes(other: WeChatClient, client: Client) -> None:
    def all_of_it() -> tuple[str, dict[str, Any]]:
        cover = other.material.add("image", ("cover.png", io.BytesIO(PNG)))["media_id"]
        draft = other.draft.add([{"title": "标题", "content": "<p>x</p>", "thumb_media_id": cover}])["media_id"]
        assert other.draft.get(draft)["news_item"][0]["title"] == "标题"
        send = other.message.send_mass_article(draft, is_to_all=True, client_msg_id="k1")
        return str(send["msg_id"]), other.message.get_mass(send["msg_id"])

    number, status = await asyncio.to_thread(all_of_it)

    assert status["msg_status"] in ("SENDING", "SEND_SUCCESS")
    assert [str(send.msg_id) for send in client.sandbox.sends] == [number]


async def test_another_library_publishes(other: WeChatClient, client: Client) -> None:
    draft = (await client.draft())["media_id"]

    made = await asyncio.to_thread(other.freepublish.submit, draft)
    later(client.sandbox, 1)
    found = await asyncio.to_thread(other.freepublish.get, made["publish_id"])

    assert found["publish_status"] == 0
    assert found["article_detail"]["item"][0]["idx"] == 1


@pytest.mark.parametrize(("errcode", "error"), [(45028, WeChatClientException), (45009, APILimitedException)])
async def test_another_library_sees_each_refusal_as_its_own_error(
    other: WeChatClient, client: Client, errcode: int, error: type[Exception]
) -> None:
    client.sandbox.fault(errcode=errcode, method="message/mass/sendall")

    with pytest.raises(error, match=str(errcode)):
        await asyncio.to_thread(other.message.send_mass_article, "d", None, is_to_all=True)


async def test_people_and_faults_are_driven_over_the_control_interface(client: Client) -> None:
    async def control(method: str, path: str, body: Any = None) -> Any:
        async with client.http.request(method, f"{client.sandbox.url}/sandbox/{path}", json=body) as answer:
            return answer.status, json.loads(await answer.text())

    await control("PATCH", "account", {"needs_confirmation": True, "name": "Prova", "tags": {"101": 3}})
    await client.sent("k")
    (_, (send,)) = await control("GET", "sends")
    await control("POST", f"sends/{send['id']}/confirm")
    await control("POST", "faults", {"errcode": -1, "method": "draft/add"})
    busy = await client.draft()
    _, account = await control("GET", "account")
    _, journal = await control("GET", "journal")
    unknown, _ = await control("PATCH", "account", {"profile": "royal"})

    assert (send["state"], client.sandbox.sends[0].state in ("sending", "done")) == ("confirming", True)
    assert busy["errcode"] == -1
    assert (account["name"], account["followers"]) == ("Prova", 20)
    assert {"token", "uploaded", "drafted", "submitted", "confirmed"} <= {entry["did"] for entry in journal}
    assert unknown == 400

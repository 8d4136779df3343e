# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The sandbox refuses what WeChat refuses; tokens, drafts, pictures, rights, and what people do."""

import json
from typing import Any

import pytest

from deploy.sandbox_wechat import APP_ID, SECRET
from tests.wechat.caller import DAY, HOUR, PNG, Client, later

PICTURE = PNG[:200]


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


async def test_quotas_can_be_looked_at_and_cleared_ten_times_a_month(client: Client) -> None:
    await client.draft()
    quota = (await client.post("openapi/quota/get", {"cgi_path": "/cgi-bin/draft/add"}))["quota"]
    cleared = [(await client.post("clear_quota", {"appid": APP_ID}))["errcode"] for _ in range(11)]

    assert quota == {"daily_limit": 1000, "used": 1, "remain": 999}
    assert cleared == [0] * 10 + [48006]


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

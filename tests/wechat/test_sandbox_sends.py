# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the sandbox lets an account send: once under a key, so often, to whom, and with whose consent."""

import asyncio

from tests.wechat.caller import DAY, MINUTE, Client, later


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

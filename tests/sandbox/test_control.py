# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The control API: everything the Python API can do, over HTTP, and for this machine only."""

import asyncio
from typing import Any

import aiohttp
import pytest

from deploy.sandbox import Sandbox
from tests.sandbox.town import CHANNEL, GROUP, PERSON, Answer, Caller

NEW = {
    "id": -1001000000099,
    "type": "channel",
    "title": "Nidi",
    "username": "nidi",
    "rights": {"can_edit_messages": True},
}


async def do(call: Caller, verb: str, path: str, body: Any = None) -> Answer:
    return await call.send(verb, f"/sandbox/{path}", **({} if body is None else {"json": body}))


async def test_a_chat_is_made_and_found(call: Caller) -> None:
    made = await do(call, "POST", "chats", NEW)
    found = await do(call, "GET", "chats?search=nidi")
    twice = await do(call, "POST", "chats", NEW)

    assert (made.status, made.json["rights"]["can_edit_messages"], made.json["last_id"]) == (201, True, 1)
    assert [chat["id"] for chat in found.json["chats"]] == [NEW["id"]]
    assert (twice.status, twice.json["error"]) == (400, "there is already a chat -1001000000099")


async def test_people_act_over_http(sandbox: Sandbox, call: Caller) -> None:
    chat = f"chats/{CHANNEL}"
    human = (await do(call, "POST", f"{chat}/human-post", {"text": "Buongiorno"})).json["result"]
    await do(call, "POST", f"{chat}/human-edit", {"message_id": human, "text": "Buonasera"})
    trace = (await do(call, "POST", f"{chat}/pin", {"message_id": human})).json["result"]
    await do(call, "POST", f"{chat}/rights", {"can_post_messages": False})
    await do(call, "POST", f"{chat}/human-delete", {"message_id": human})
    await do(call, "POST", f"{chat}/kick")
    await do(call, "POST", f"chats/{PERSON}/standing", {"standing": "blocked"})
    heir = (await do(call, "POST", f"chats/{GROUP}/migrate")).json["result"]

    shown = (await do(call, "GET", f"{chat}/messages")).json
    whole = (await do(call, "GET", f"{chat}/messages?deleted=1")).json
    world = sandbox.world.chats

    assert [message["id"] for message in shown] == [1, trace]
    assert [message["text"] for message in whole if message["deleted"]] == ["Buonasera"]
    assert (world[CHANNEL].standing, world[CHANNEL].rights["can_post_messages"]) == ("kicked", False)
    assert (world[PERSON].standing, world[GROUP].migrated_to) == ("blocked", heir)


async def test_faults_are_added_listed_and_cleared(call: Caller) -> None:
    made = await do(
        call, "POST", "faults", [{"kind": "kicked", "chat": CHANNEL}, {"kind": "bad_gateway", "times": None}]
    )
    listed = await do(call, "GET", "faults")
    await do(call, "DELETE", f"faults?id={made.json[0]['id']}")
    left = await do(call, "GET", "faults")
    await do(call, "DELETE", "faults")

    assert (made.status, [fault["kind"] for fault in listed.json]) == (201, ["kicked", "bad_gateway"])
    assert [fault["kind"] for fault in left.json] == ["bad_gateway"]
    assert (await do(call, "GET", "faults")).json == []


async def test_limits_clock_and_journal_are_driven(call: Caller) -> None:
    limits = await do(call, "PUT", "limits", {"per_second": 0, "chat_per_second": 0.01, "group_per_minute": 0})
    own = await call.post(CHANNEL)
    throttled = await call("sendMessage", chat_id=CHANNEL, text="x")
    await do(call, "PUT", "limits", {"per_second": 0, "chat_per_second": 0, "group_per_minute": 0})
    clock = await do(call, "POST", "clock", {"advance": 48 * 3600})
    late = await call("deleteMessage", chat_id=CHANNEL, message_id=own)
    journal = (await do(call, "GET", "journal")).json
    rest = (await do(call, "GET", f"journal?after={journal[1]['number']}&limit=1")).json

    assert (limits.json["chat_per_second"], throttled.status) == (0.01, 429)
    assert (clock.json["offset"], late.status) == (172_800, 400)
    assert [entry["did"] for entry in journal] == ["accepted", "refused", "refused"]
    assert [entry["method"] for entry in rest] == ["deleteMessage"]
    assert (await do(call, "DELETE", "journal")).json == {}
    assert (await do(call, "GET", "journal")).json == []


async def test_the_sandbox_goes_away_when_told(call: Caller) -> None:
    await do(call, "POST", "away", {"seconds": 1})
    await until_it(call, answers=False)
    await until_it(call, answers=True)

    assert await call.post(CHANNEL) == 2


async def until_it(call: Caller, *, answers: bool) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await call("getMe")
            except aiohttp.ClientError:
                if not answers:
                    return
            else:
                if answers:
                    return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", "chats", {"id": 5, "type": "dream"}, 400),
        ("POST", "chats", {"number": 5}, 400),
        ("POST", "faults", {"kind": "earthquake"}, 400),
        ("POST", "chats/77/kick", None, 404),
        ("POST", f"chats/{CHANNEL}/dance", None, 404),
        ("PUT", "limits", {"speed": 1}, 400),
        ("GET", "chats/x/messages", None, 400),
    ],
)
async def test_wrong_figures_are_explained(verb: str, path: str, body: Any, status: int, call: Caller) -> None:
    answer = await do(call, verb, path, body)

    assert (answer.status, list(answer.json)) == (status, ["error"])


@pytest.mark.parametrize(
    ("host", "status"), [("evil.example", 403), ("127.0.0.1:1", 200), ("[::1]", 200), ("localhost", 200)]
)
async def test_another_name_for_this_machine_is_refused(host: str, status: int, call: Caller) -> None:
    answer = await call.send("GET", "/sandbox/limits", headers={"Host": host})

    assert answer.status == status

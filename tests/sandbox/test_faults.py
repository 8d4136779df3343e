# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every kind of fault: what the caller sees, and what the journal says landed."""

import asyncio
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramMigrateToChat, TelegramRetryAfter

from deploy.sandbox import FaultKind, Sandbox
from deploy.sandbox.journal import Entry
from tests.sandbox.town import CHANNEL, OTHER, Answer, Caller

JSON = "application/json"
ANSWERED: dict[FaultKind, tuple[dict[str, Any], int, str]] = {
    FaultKind.THROTTLED: ({"retry_after": 7}, 429, '"retry_after":7'),
    FaultKind.SERVER_ERROR: ({"description": "Internal Server Error: restart"}, 500, "restart"),
    FaultKind.BAD_GATEWAY: ({}, 502, "<h1>502 Bad Gateway</h1>"),
    FaultKind.TOO_LARGE: ({}, 413, "<h1>413 Request Entity Too Large</h1>"),
    FaultKind.KICKED: ({}, 403, "Forbidden: bot was kicked from the channel chat"),
    FaultKind.BLOCKED: ({}, 403, "Forbidden: bot was blocked by the user"),
    FaultKind.UNAUTHORIZED: ({}, 401, '"Unauthorized"'),
    FaultKind.CHAT_NOT_FOUND: ({}, 400, "Bad Request: chat not found"),
    FaultKind.MIGRATED: ({"migrate_to": -1007}, 400, '"migrate_to_chat_id":-1007'),
    FaultKind.OK_FALSE_200: ({}, 200, '"ok":false'),
    FaultKind.LITERAL: ({"status": 418, "body": "<teapot>", "headers": {"X-Pot": "1"}}, 418, "<teapot>"),
}
LOST = [
    FaultKind.RESET_BEFORE_READING,
    FaultKind.CLOSE_BEFORE_READING,
    FaultKind.RESET_BEFORE_ACCEPTING,
    FaultKind.CLOSE_BEFORE_ACCEPTING,
    FaultKind.ANSWER_RESET,
    FaultKind.ANSWER_CLOSED,
    FaultKind.CUT_BODY,
]
LANDS = {FaultKind.ANSWER_RESET, FaultKind.ANSWER_CLOSED, FaultKind.CUT_BODY}
SPOILED: dict[FaultKind, dict[str, Any]] = {
    FaultKind.LATE_ANSWER: {"seconds": 0.2},
    FaultKind.EMPTY_RESULT: {},
    FaultKind.WRONG_SHAPE: {},
    FaultKind.OVERSIZED: {"size": 1_000_000},
    FaultKind.DELAYED: {"delay": 0.2},
}
HUNG = [FaultKind.HANG_BEFORE_ACCEPTING, FaultKind.ANSWER_HUNG]


def landed(sandbox: Sandbox) -> int:
    """Count the posts that are in the channel, which must be those the journal calls accepted."""
    ids = [message.id for message in sandbox.messages(CHANNEL)[1:]]
    assert ids == [id_ for entry in sandbox.journal if entry.did == "accepted" for id_ in entry.messages]
    return len(ids)


async def send(call: Caller) -> Answer:
    return await call("sendMessage", chat_id=CHANNEL, text="Ciao")


async def until_settled(sandbox: Sandbox) -> Entry:
    """Wait for the only call, and until it is certain what became of it."""
    async with asyncio.timeout(30):
        while not sandbox.journal or sandbox.journal[-1].settled is None:  # noqa: ASYNC110 - it happens in the sandbox
            await asyncio.sleep(0.02)
    return sandbox.journal[-1]


def test_every_kind_has_a_test() -> None:
    assert set(FaultKind) == {*ANSWERED, *LOST, *SPOILED, *HUNG, FaultKind.BROKEN_ALBUM}


@pytest.mark.parametrize("done", [0, 1])
@pytest.mark.parametrize("kind", ANSWERED)
async def test_another_answer_comes_instead(kind: FaultKind, done: int, sandbox: Sandbox, call: Caller) -> None:
    figures, status, words = ANSWERED[kind]
    sandbox.faults.add(kind, accepted=bool(done), **figures)

    answer = await send(call)

    assert (answer.status, words in answer.body.decode()) == (status, True)
    assert (landed(sandbox), sandbox.journal[-1].fault) == (done, kind)
    assert (await send(call)).status == 200


@pytest.mark.parametrize("kind", ["server_error", "bad_gateway", "reset_before_accepting"])
async def test_a_call_that_failed_lands_later(kind: str, sandbox: Sandbox, call: Caller) -> None:
    sandbox.faults.add(kind, lands=0.2)

    with suppress(aiohttp.ClientError):
        assert (await send(call)).status in (500, 502)
    entry = await until_settled(sandbox)

    assert entry.settled is not None
    assert entry.settled - entry.monotonic >= 0.19  # the loop rounds to milliseconds
    assert landed(sandbox) == 1


@pytest.mark.parametrize("kind", LOST)
async def test_the_connection_breaks(kind: FaultKind, sandbox: Sandbox, call: Caller) -> None:
    sandbox.faults.add(kind)

    with pytest.raises(aiohttp.ClientError):
        await send(call)

    assert (landed(sandbox), sandbox.journal[-1].fault) == (int(kind in LANDS), kind)
    assert (await send(call)).status == 200


async def test_a_reset_and_a_close_are_told_apart(sandbox: Sandbox, call: Caller) -> None:
    sandbox.faults.add("answer_reset")
    sandbox.faults.add("answer_closed")

    with pytest.raises(aiohttp.ClientOSError):
        await send(call)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(call)


@pytest.mark.parametrize("kind", SPOILED)
async def test_an_accepted_call_is_answered_badly(kind: FaultKind, sandbox: Sandbox, call: Caller) -> None:
    sandbox.faults.add(kind, **SPOILED[kind])
    begin = asyncio.get_running_loop().time()

    answer = await send(call)

    assert landed(sandbox) == 1
    assert answer.status == 200
    took = asyncio.get_running_loop().time() - begin
    assert took >= 0.2 or kind not in {FaultKind.LATE_ANSWER, FaultKind.DELAYED}


@pytest.mark.parametrize("kind", HUNG)
async def test_the_answer_never_comes(kind: FaultKind, sandbox: Sandbox, call: Caller) -> None:
    sandbox.faults.add(kind)

    calling = asyncio.create_task(send(call))
    await until_settled(sandbox)
    answered, _ = await asyncio.wait([calling], timeout=0.2)
    calling.cancel()

    assert not answered
    assert (landed(sandbox), sandbox.journal[-1].fault) == (int(kind is FaultKind.ANSWER_HUNG), kind)


async def test_the_shapes_are_wrong_as_announced(sandbox: Sandbox, call: Caller) -> None:
    for kind in ("empty_result", "wrong_shape", "oversized"):
        sandbox.faults.add(kind, size=100_000)

    empty, wrong, big = [await send(call) for _ in range(3)]

    assert empty.json == {"ok": True, "result": {}}
    assert wrong.result["message_id"] == 3
    assert (len(big.body) > 100_000, big.result["message_id"]) == (True, 4)


async def test_a_refusal_stays_one_whatever_befalls_its_answer(sandbox: Sandbox, call: Caller) -> None:
    for kind in ("empty_result", "wrong_shape"):
        sandbox.faults.add(kind)

    answers = [await call("editMessageText", chat_id=CHANNEL, message_id=99, text="Ciao") for _ in range(2)]

    assert [answer.json["ok"] for answer in answers] == [False, False]


async def test_an_album_may_break_off_in_the_middle(sandbox: Sandbox, call: Caller) -> None:
    media = [{"type": "photo", "media": f"https://a.it/{place}.jpg", "caption": f"{place}"} for place in range(3)]
    sandbox.faults.add("broken_album", lost=[1], retry_after=8)

    answer = await call("sendMediaGroup", chat_id=CHANNEL, media=media)

    assert landed(sandbox) == 2
    assert [message.text.text for message in sandbox.messages(CHANNEL)[1:]] == ["0", "2"]
    assert (answer.status, answer.description) == (
        400,
        'Bad Request: failed to send message #1 with the error message "Too Many Requests: retry after 8"',
    )


async def test_a_throttle_may_keep_its_time_to_itself(sandbox: Sandbox, call: Caller) -> None:
    sandbox.faults.add("throttled")

    answer = await send(call)

    assert answer.json == {"ok": False, "error_code": 429, "description": "Too Many Requests"}
    assert "Retry-After" not in answer.headers


async def test_a_fault_befalls_its_method_and_its_chat_so_many_times(sandbox: Sandbox, call: Caller) -> None:
    sandbox.faults.add("kicked", method="sendMessage", chat=CHANNEL, times=2, after=1)

    elsewhere = await call("sendMessage", chat_id=OTHER, text="x")
    asked = await call("getChat", chat_id=CHANNEL)
    answers = [(await send(call)).status for _ in range(4)]

    assert (elsewhere.status, asked.status, answers) == (200, 200, [200, 403, 403, 200])


async def test_a_fault_may_stay_until_it_is_cleared(sandbox: Sandbox, call: Caller) -> None:
    sandbox.faults.add("unauthorized", times=None)
    before = [(await call("getMe")).status for _ in range(3)]

    sandbox.faults.clear()

    assert (before, (await call("getMe")).status) == ([401] * 3, 200)


async def test_chance_is_the_same_with_the_same_seed(sandbox: Sandbox, call: Caller) -> None:
    sandbox.faults.add("bad_gateway", times=None, chance=0.5)

    answers = [(await call("getMe")).status for _ in range(12)]

    assert answers == [200, 200, 502, 502, 200, 502, 200, 502, 502, 200, 200, 200]


async def test_the_workers_library_meets_the_faults_it_would_meet(sandbox: Sandbox, bot: Bot) -> None:
    for kind, figures in {
        "throttled": {"retry_after": 3},
        "migrated": {"migrate_to": -1007},
        "bad_gateway": {},
    }.items():
        sandbox.faults.add(kind, **figures)

    with pytest.raises(TelegramRetryAfter) as throttled:
        await bot.send_message(CHANNEL, "x")
    with pytest.raises(TelegramMigrateToChat) as migrated:
        await bot.send_message(CHANNEL, "x")
    with pytest.raises(ClientDecodeError):
        await bot.send_message(CHANNEL, "x")

    assert (throttled.value.retry_after, migrated.value.migrate_to_chat_id) == (3, -1007)


async def test_the_sandbox_can_be_away_and_forgets_nothing(sandbox: Sandbox, call: Caller) -> None:
    await send(call)
    await sandbox.server.leave()
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(call)
    with pytest.raises(aiohttp.ClientConnectorError):
        await send(call)

    await sandbox.server.come_back()

    assert (await send(call)).result["message_id"] == 3

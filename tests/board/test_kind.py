# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A posting: once however often it is written, never covered by what is older, taken back where it stood."""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from app.checks import Answer
from app.domain.posting import Shown
from tests.board.conftest import Board
from tests.given import a_notice
from workers.noticeboard.check import inspect
from workers.noticeboard.sender import put_up
from workers.reach import TooLateError, leaving_by

POSTING = "select * from posting where notice_id = $1 and channel_id = $2"


async def posting(board: Board, notice: UUID) -> asyncpg.Record:
    row = await board.pool.fetchrow(POSTING, notice, board.id)
    assert row is not None
    return row


def payload(**members: Any) -> str:
    text = a_notice().texts["it"].model_dump(include={"title", "summary", "body", "what_to_do"})
    plain: dict[str, Any] = {
        "state": "current",
        "revision": 1,
        "stamped_at": None,
        "code": "AV-22222",
        "language": "it",
        **text,
        "kind": "info",
        "priority": "normal",
        "service": "mensa",
        "service_name": "Mensa",
        "source_name": "Ufficio Mensa",
        **dict.fromkeys(("grades", "schools", "areas", "links", "attachments", "contacts"), ()),
        **dict.fromkeys(("valid_from", "valid_until", "expires_at", "supersedes")),
    }
    return Shown(**{**plain, **members}).model_dump_json()


async def a_number(board: Board) -> UUID:
    """Give a notice that no channel is owed, so that only the test writes postings of it."""
    number: UUID = uuid7()
    await board.pool.execute(
        "insert into notice (id, source, event_id, service, kind, priority, content, policy)"
        " values ($1, 'mensa', $2, 'mensa', 'info', 'normal', $3::json, 'hold')",
        number,
        f"e/{number}",
        json.dumps({"supersedes": None}),
    )
    return number


async def test_what_waited_for_a_connection_until_its_lease_was_over_is_not_put_up(board: Board) -> None:
    number = await a_number(board)

    async with AsyncExitStack() as taken:
        for _ in range(board.pool.get_max_size()):
            await taken.enter_async_context(board.pool.acquire())
        with leaving_by(time.monotonic() + 0.1):
            waiting = asyncio.create_task(put_up(board.pool, number, board.id, payload()))
        await asyncio.sleep(0.2)
    with pytest.raises(TooLateError):
        await waiting

    assert await board.pool.fetchrow(POSTING, number, board.id) is None


async def test_writing_it_again_changes_nothing(board: Board) -> None:
    number = await a_number(board)
    await put_up(board.pool, number, board.id, payload())
    before = await posting(board, number)

    await put_up(board.pool, number, board.id, payload(title=json.loads(before["content"])["title"]))

    assert await posting(board, number) == before


@pytest.mark.parametrize(
    ("there", "late"),
    [
        ({"revision": 2, "state": "corrected"}, {"revision": 1, "state": "current"}),
        ({"revision": 1, "state": "withdrawn"}, {"revision": 1, "state": "current"}),
        ({"revision": 3, "state": "withdrawn"}, {"revision": 2, "state": "corrected"}),
    ],
)
async def test_what_comes_late_does_not_cover_what_is_newer(
    board: Board, there: dict[str, Any], late: dict[str, Any]
) -> None:
    number = await a_number(board)
    await put_up(board.pool, number, board.id, payload())
    await put_up(board.pool, number, board.id, payload(**there))

    await put_up(board.pool, number, board.id, payload(**late))

    row = await posting(board, number)
    assert (row["revision"], row["state"]) == (there["revision"], there["state"])


async def test_a_notice_that_was_withdrawn_and_concerns_the_board_again_stands_there_again(board: Board) -> None:
    number = await a_number(board)
    await put_up(board.pool, number, board.id, payload())
    await put_up(board.pool, number, board.id, payload(state="withdrawn"))

    await put_up(board.pool, number, board.id, payload(state="corrected", revision=2))

    assert (await posting(board, number))["state"] == "corrected"


async def test_what_was_never_shown_is_not_put_up_as_withdrawn(board: Board) -> None:
    number = await a_number(board)

    await put_up(board.pool, number, board.id, payload(state="withdrawn"))

    assert await board.pool.fetchrow(POSTING, number, board.id) is None


@pytest.mark.parametrize(
    ("ends", "days"),
    [
        ({}, 30),
        ({"valid_until": 2}, 2),
        ({"valid_until": 9, "expires_at": 4}, 4),
        ({"valid_until": 90}, 90),
    ],
)
async def test_it_leaves_the_front_page_when_it_is_over(board: Board, ends: dict[str, int], days: int) -> None:
    number = await a_number(board)
    members = {name: datetime.now(UTC) + timedelta(days=after) for name, after in ends.items()}

    await put_up(board.pool, number, board.id, payload(**members))

    row = await posting(board, number)
    assert round((row["ends_at"] - row["posted_at"]) / timedelta(days=1), 2) == days


async def test_a_withdrawn_one_leaves_after_three_days(board: Board) -> None:
    number = await a_number(board)
    await put_up(board.pool, number, board.id, payload())

    await put_up(board.pool, number, board.id, payload(state="withdrawn"))

    row = await posting(board, number)
    assert row["ends_at"] - row["changed_at"] == timedelta(days=3)


async def test_a_delivery_names_the_page_and_is_recorded_once(board: Board) -> None:
    notice = await board.shows()

    row = await board.pool.fetchrow(
        "select state, posts, attempts from delivery where notice_id = $1 and channel_id = $2", notice.id, board.id
    )

    assert row is not None
    assert (row["state"], row["attempts"]) == ("delivered", 1)
    assert [post["reference"] for post in json.loads(row["posts"])] == [f"{board.path}/avvisi/{notice.id}"]


async def test_a_notice_that_was_over_before_it_could_be_shown_is_not_shown(board: Board) -> None:
    await board.pool.execute("update channel set paused_at = now() where id = $1", board.id)
    notice = await board.shows_nothing(expires_at=(datetime.now(UTC) + timedelta(seconds=1)).isoformat())
    await asyncio.sleep(1.1)  # its time is over
    await board.pool.execute("update channel set paused_at = null where id = $1", board.id)

    await board.settles(notice.id)

    assert await board.pool.fetchrow(POSTING, notice.id, board.id) is None


@pytest.mark.parametrize("address", ["scuola", "a", "bacheca-2", "x" * 64])
async def test_a_word_of_the_web_is_an_address(address: str) -> None:
    found = await inspect("https://avvisi.comune.example.it", address, None)

    assert found.answer == Answer("ok", address=address, link=f"https://avvisi.comune.example.it/bacheca/{address}")


@pytest.mark.parametrize("address", ["Scuola", "-scuola", "scuola-", "la_scuola", "a/b", "x" * 65, "_stile", "学校"])
async def test_anything_else_is_refused_with_words_that_help(address: str) -> None:
    found = await inspect("https://avvisi.comune.example.it", address, None)

    assert (found.answer.verdict, "such as scuola" in str(found.answer.problem)) == ("refused", True)

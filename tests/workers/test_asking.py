# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Asking after a doubt: only exactly the doubted post is adopted, and nothing of anybody's is written over."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from deploy.sandbox import Sandbox
from deploy.sandbox.chats import Author
from deploy.sandbox.faults import FaultKind
from tests.workers.conftest import CHAT, City, a_city, settings_for, until
from tests.workers.test_media import PDF, attached, png
from tests.workers.trap import Trap

OPERATIONS = -1009999999999
SLOW = {"telegram_timeout": 2, "lease": 3.5, "telegram_operations_chat": str(OPERATIONS)}
KNOWN = "update channel set last_reference = '1'"


@pytest.fixture
async def city(
    request: pytest.FixtureRequest, database_url: str, redis_url: str, sandbox: Sandbox, trap: Trap
) -> AsyncIterator[City]:
    trap.files = {"/a.png": png(), "/b.pdf": PDF}
    sandbox.add_chat(OPERATIONS, "channel", "Sala operativa")
    members = {"fetch_exceptions": trap.host, "fetch_ca_file": trap.authority, **getattr(request, "param", {})}
    async with a_city(settings_for(database_url, redis_url, sandbox, **members), sandbox) as city:
        yield city


async def askable(city: City) -> UUID:
    channel = await city.channel(can_ask=True)
    await city.pool.execute(KNOWN)
    return channel


FORWARD = {"telegram_operations_chat": str(OPERATIONS)}
WAYS = pytest.mark.parametrize("city", [{}, FORWARD], indirect=True, ids=["edit", "forward"])


@WAYS
async def test_an_unknown_post_of_ours_is_neither_adopted_nor_written_over_by_a_later_doubt(city: City) -> None:
    """Strangers hide a post that did arrive; it is held, and the next notice is in doubt too."""
    await askable(city)
    for number in range(3):
        city.sandbox.post_as_human(CHAT, f"Auguri {number}")
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage", times=2)
    await city.accepts(in_doubt="hold", texts={"it": {"title": "Primo"}})
    await city.settled("held")

    await city.accepts(in_doubt="hold", texts={"it": {"title": "Secondo"}})
    await city.settled("held")

    texts = city.texts()
    assert len(texts) == 5
    assert ("Primo" in texts[3], "Secondo" in texts[4]) == (True, True)
    assert [entry for entry in city.sandbox.journal if entry.did == "edited"] == []


@WAYS
async def test_after_a_later_post_is_known_doubts_are_asked_about_again(city: City) -> None:
    await askable(city)
    for number in range(3):
        city.sandbox.post_as_human(CHAT, f"Auguri {number}")
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage")
    await city.accepts(in_doubt="hold")
    await city.settled("held")
    await city.accepts()
    await city.settled("held", "delivered")
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage")

    await city.accepts(in_doubt="hold")
    await city.settled("held", "delivered")

    assert await city.states() == ["held", "delivered", "delivered"]
    assert len(city.posts()) == 6


@WAYS
async def test_a_second_album_in_doubt_does_not_adopt_a_strangers_picture_without_words(city: City, trap: Trap) -> None:
    await askable(city)
    city.sandbox.faults.add(FaultKind.RESET_BEFORE_ACCEPTING, method="sendDocument")

    await city.accepts(in_doubt="hold", attachments=attached(trap, "a.png", "b.pdf"))

    await until(lambda: is_in_doubt(city))
    wordless = ("document", {"file_id": "x", "file_unique_id": "x", "file_size": 1})
    city.sandbox.world.post(city.sandbox.world.chats[CHAT], author=Author.HUMAN, media=wordless)
    await city.settled()

    assert [post.media[0] for post in city.posts() if post.media and post.author is Author.BOT] == ["photo", "document"]


async def is_in_doubt(city: City) -> bool:
    return await city.states() == ["in_doubt"]


async def test_a_bot_that_may_edit_others_by_now_asks_no_more_by_editing(city: City) -> None:
    await askable(city)
    city.sandbox.set_rights(CHAT, {"can_edit_messages": True})
    city.sandbox.faults.add(FaultKind.RESET_BEFORE_ACCEPTING, method="sendMessage")
    city.sandbox.post_as_human(CHAT, "Auguri")

    await city.accepts(in_doubt="hold")
    await city.settled("held")

    assert city.texts() == ["Auguri"]
    assert await city.pool.fetchval("select last_error from delivery") == (
        "the bot may edit other people's posts by now, so it must not ask by editing"
    )


@pytest.mark.parametrize("city", [SLOW], indirect=True)
async def test_asking_by_forward_ends_within_its_time_however_slow_both_calls_are(city: City) -> None:
    """The forward takes three quarters of the time, and the copy cannot be deleted at all: the lease holds."""
    await askable(city)
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage")
    city.sandbox.faults.add(FaultKind.LATE_ANSWER, method="forwardMessage", seconds=1.5)
    city.sandbox.faults.add(FaultKind.ANSWER_HUNG, method="deleteMessage")

    await city.accepts(in_doubt="hold")
    await city.settled(within=30)

    probes = await city.pool.fetch("select outcome from attempt where action = 'probe'")
    assert {row["outcome"] for row in probes} == {"delivered"}
    assert len(city.posts()) == 1

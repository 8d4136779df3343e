# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Asking after a doubt: only exactly the doubted post is adopted, and nothing of anybody's is written over."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest
from aiogram import Bot

from app.domain.outcome import Foreign, Gone, Outcome, Postponed, Unclear
from app.domain.pace import Limits
from app.outgoing import Outgoing
from deploy.sandbox import Sandbox
from deploy.sandbox.chats import Author, Message
from deploy.sandbox.faults import FaultKind
from deploy.sandbox.journal import Entry
from deploy.sandbox.limits import Limits as SandboxLimits
from tests.workers.conftest import CHAT, City, a_city, settings_for, until
from tests.workers.test_media import PDF, attached, png
from tests.workers.trap import Trap
from workers.counting import Counting
from workers.desk import CALL, Tools
from workers.telegram.kind import desk
from workers.telegram.operations import QUEUE, OperationsChat
from workers.telegram.session import Watch, WatchedSession

OPERATIONS = -1009999999999
SLOW = {"telegram_timeout": 8, "lease": 12, "telegram_operations_chat": str(OPERATIONS)}
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


async def forwarding(city: City) -> None:
    """Let the bot edit what is not ours, where it can ask by forwards then."""
    await askable(city)
    city.sandbox.set_rights(CHAT, {"can_edit_messages": city.settings.telegram_operations_chat is not None})


FORWARD = {"telegram_operations_chat": str(OPERATIONS)}
WAYS = pytest.mark.parametrize("city", [{}, FORWARD], indirect=True, ids=["alone", "with an operations chat"])


@WAYS
async def test_an_unknown_post_of_ours_is_neither_adopted_nor_written_over_by_a_later_doubt(city: City) -> None:
    """Strangers hide a post that did arrive; it is held, and the next notice is in doubt too."""
    await forwarding(city)
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
    await forwarding(city)
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


@pytest.mark.parametrize("city", [{"telegram_operations_chat": "-55"}], indirect=True)
async def test_an_operations_chat_that_moved_is_followed_and_is_no_address_of_a_channel(city: City) -> None:
    await forwarding(city)
    city.sandbox.add_chat(-55, "group", "Sala operativa")
    heir = city.sandbox.migrate(-55)
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage")

    await city.accepts(in_doubt="hold")
    await city.settled("delivered", "held")

    row = await city.pool.fetchrow("select address, can_ask, paused_at from channel")
    assert row is not None
    assert tuple(row) == (str(CHAT), True, None)
    assert (await city.states(), len(city.posts())) == (["delivered"], 1)
    assert [copy.origin is not None for copy in city.posts(heir)] == [True]


@pytest.mark.parametrize("city", [SLOW], indirect=True)
async def test_asking_by_forward_ends_within_its_time_however_slow_it_is(city: City) -> None:
    """The forward takes three quarters of the time, and the copy cannot be deleted at all: the lease holds."""
    await forwarding(city)
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage")
    city.sandbox.faults.add(FaultKind.LATE_ANSWER, method="forwardMessage", seconds=6)
    city.sandbox.faults.add(FaultKind.ANSWER_HUNG, method="deleteMessages")

    await city.accepts(in_doubt="hold")
    await city.settled(within=90)

    probes = await city.pool.fetch("select outcome from attempt where action = 'probe' order by token")
    outcomes = [row["outcome"] for row in probes]
    assert (outcomes[-1], "crashed" in outcomes) == ("delivered", False)
    assert len(city.posts()) == 1


@asynccontextmanager
async def a_process(sandbox: Sandbox, database_url: str) -> AsyncIterator[OperationsChat]:
    """Give the operations chat as one more worker process sees it, which shares nothing but Postgres."""
    session = WatchedSession(sandbox.url, 60)
    bot = Bot(sandbox.token, session=session)
    async with asyncpg.create_pool(database_url, min_size=0) as pool:
        yield OperationsChat(bot, session, str(OPERATIONS), Limits(0, 0, 0), pool)
    await session.close()


@pytest.fixture
async def operations(sandbox: Sandbox, database_url: str) -> AsyncIterator[OperationsChat]:
    sandbox.add_chat(CHAT, "channel", "Scuola")
    sandbox.add_chat(OPERATIONS, "channel", "Sala operativa")
    sandbox.post_as_human(CHAT, "Auguri")
    async with a_process(sandbox, database_url) as process:
        yield process


async def asked(operations: OperationsChat) -> Outcome:
    return await operations.ask(str(CHAT), "2", json.dumps({"text": "Prova", "entities": []}), Watch())


@pytest.mark.parametrize("fault", [FaultKind.CHAT_NOT_FOUND, FaultKind.KICKED, FaultKind.TOO_LARGE])
async def test_an_operations_chat_that_is_gone_says_nothing_of_the_channel(
    sandbox: Sandbox, operations: OperationsChat, fault: FaultKind
) -> None:
    sandbox.faults.add(fault, method="forwardMessage")

    outcome = await asked(operations)

    assert isinstance(outcome, Unclear)
    assert outcome.reason.startswith("the operations chat ")


async def test_a_channel_that_is_gone_is_told_from_an_operations_chat_that_is(
    sandbox: Sandbox, operations: OperationsChat
) -> None:
    for method in ("forwardMessage", "getChatMember"):
        sandbox.faults.add(FaultKind.KICKED, method=method)

    assert isinstance(await asked(operations), Gone)


async def test_haste_in_the_operations_chat_is_haste_of_no_channel_and_is_waited_out(
    sandbox: Sandbox, operations: OperationsChat
) -> None:
    sandbox.faults.add(FaultKind.THROTTLED, method="forwardMessage", retry_after=55)

    first, second = await asked(operations), await asked(operations)

    assert isinstance(first, Postponed)
    assert isinstance(second, Postponed)
    assert len([entry for entry in sandbox.journal if entry.method == "forwardMessage"]) == 1


async def test_an_operations_chat_that_is_shut_for_long_is_not_waited_for(
    sandbox: Sandbox, operations: OperationsChat
) -> None:
    """What is urgent would wait behind the doubt as long: the policy of the doubted notice decides."""
    sandbox.faults.add(FaultKind.THROTTLED, method="forwardMessage", retry_after=3600)

    first, second = await asked(operations), await asked(operations)

    assert first == second == Unclear("the operations chat takes no forwards for longer than a doubt can wait")
    assert len(forwards(sandbox)) == 1


async def test_the_operations_chat_has_a_pace_of_its_own_and_whoever_waits_gets_another_moment(
    sandbox: Sandbox, operations: OperationsChat
) -> None:
    """A forward every hundred seconds: the second and the third are not made, and are told different times."""
    operations.limits = Limits(0, 0.01, 20)

    first, second, third = [await asked(operations) for _ in range(3)]

    assert first == Foreign()
    assert isinstance(second, Postponed)
    assert isinstance(third, Postponed)
    assert third.seconds > second.seconds > 0
    assert len([entry for entry in sandbox.journal if entry.method == "forwardMessage"]) == 1


async def test_nobody_is_sent_to_the_end_of_a_queue_without_end(operations: OperationsChat) -> None:
    """A forward a minute: whoever would have to wait for hours is told to look again earlier."""
    operations.limits = Limits(0, 0, 1)

    outcomes = [await asked(operations) for _ in range(12)]

    waits = [outcome.seconds for outcome in outcomes if isinstance(outcome, Postponed)]
    assert max(waits) == QUEUE.total_seconds()


async def test_the_pace_of_the_operations_chat_is_kept_by_all_processes_together(
    sandbox: Sandbox, operations: OperationsChat, database_url: str
) -> None:
    async with a_process(sandbox, database_url) as another:
        operations.limits = another.limits = Limits(0, 0.01, 20)
        outcomes = await asyncio.gather(*(asked(process) for process in (operations, another) * 3))

    assert Counter(type(outcome) for outcome in outcomes) == {Foreign: 1, Postponed: 5}
    assert len(forwards(sandbox)) == 1


async def test_copies_are_taken_away_with_one_call_at_the_pace_of_everything_else(
    sandbox: Sandbox, operations: OperationsChat
) -> None:
    """To forward and to delete within a second would be one write too many."""
    sandbox.limits = SandboxLimits(per_second=30, chat_per_second=1, group_per_minute=20)
    operations.limits = Limits(30, 1, 20)

    async def has_asked() -> bool:
        return not isinstance(await asked(operations), Postponed)

    async def tidied() -> bool:
        await operations.tidy()
        return copies(sandbox) == []

    for _ in range(2):
        await until(has_asked, within=90)
    await until(tidied, within=90)

    assert [(entry.method, entry.code) for entry in writes(sandbox)] == [
        ("forwardMessage", 200),
        ("forwardMessage", 200),
        ("deleteMessages", 200),
    ]


async def test_a_deletion_that_is_refused_for_haste_is_waited_out_by_forwards_too(
    sandbox: Sandbox, operations: OperationsChat
) -> None:
    await asked(operations)
    sandbox.faults.add(FaultKind.THROTTLED, method="deleteMessages", retry_after=55)

    await operations.tidy()

    assert isinstance(await asked(operations), Postponed)
    assert len(copies(sandbox)) == len(forwards(sandbox)) == 1


async def test_a_worker_takes_its_copies_away_now_and_then(
    sandbox: Sandbox, operations: OperationsChat, database_url: str, redis_url: str
) -> None:
    settings = settings_for(database_url, redis_url, sandbox, telegram_operations_chat=operations.address)
    telegram = desk(Tools(settings, operations.pool, Outgoing.of(settings)))
    sandbox.set_rights(CHAT, {"can_edit_messages": True})
    await telegram.inspect(str(CHAT), at_once)
    left = copies(sandbox)

    await Counting([telegram]).look()

    assert (len(left), copies(sandbox)) == (1, [])
    await telegram.close()


async def at_once(test_post: str | None = None) -> float:  # noqa: ARG001 - it remembers nothing
    """Be a pause that takes no time."""
    return asyncio.get_running_loop().time() + CALL


def copies(sandbox: Sandbox) -> list[Message]:
    return [message for message in sandbox.messages(OPERATIONS) if message.service is None]


async def test_all_processes_together_write_no_more_in_a_minute_than_a_group_takes(
    sandbox: Sandbox, operations: OperationsChat, database_url: str
) -> None:
    async with a_process(sandbox, database_url) as another:
        operations.limits = another.limits = Limits(0, 0, 3)
        for process in (operations, another):
            await asyncio.gather(*(asked(process) for _ in range(4)))

    assert len(writes(sandbox)) == 3


async def test_haste_that_one_process_is_told_of_is_waited_out_by_the_others(
    sandbox: Sandbox, operations: OperationsChat, database_url: str
) -> None:
    sandbox.faults.add(FaultKind.THROTTLED, method="forwardMessage", retry_after=55)

    async with a_process(sandbox, database_url) as another:
        first, second = await asked(operations), await asked(another)

    assert (type(first), type(second)) == (Postponed, Postponed)
    assert len(forwards(sandbox)) == 1


def writes(sandbox: Sandbox) -> list[Entry]:
    return [entry for entry in sandbox.journal if entry.by == "bot" and entry.chat == OPERATIONS]


def forwards(sandbox: Sandbox) -> list[Entry]:
    return [entry for entry in sandbox.journal if entry.method == "forwardMessage"]

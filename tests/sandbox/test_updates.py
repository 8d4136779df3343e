# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the bot hears: people, and its own pins, but never its own posts."""

import asyncio

from aiogram import Bot

from deploy.sandbox import Sandbox
from tests.sandbox.town import CHANNEL, PERSON, Caller

DAY = 24 * 3600


async def test_people_are_heard_and_own_posts_are_not(sandbox: Sandbox, bot: Bot, call: Caller) -> None:
    sandbox.set_rights(CHANNEL, {"can_edit_messages": True})
    own = await call.post(CHANNEL)
    human = sandbox.post_as_human(CHANNEL, "Buongiorno")
    sandbox.edit_as_human(CHANNEL, human, "Buonasera")
    sandbox.post_as_human(PERSON, "/start")
    await bot.pin_chat_message(CHANNEL, own)

    updates = await bot.get_updates()

    assert [update.event_type for update in updates] == [
        "channel_post",
        "edited_channel_post",
        "message",
        "channel_post",
    ]
    assert updates[0].channel_post
    assert updates[0].channel_post.text == "Buongiorno"
    assert updates[3].channel_post
    assert updates[3].channel_post.pinned_message


async def test_an_offset_confirms_what_came_before(sandbox: Sandbox, bot: Bot) -> None:
    for text in ("uno", "due", "tre"):
        sandbox.post_as_human(CHANNEL, text)
    first = await bot.get_updates(limit=1)

    rest = await bot.get_updates(offset=first[0].update_id + 1)

    assert [update.channel_post.text for update in rest if update.channel_post] == ["due", "tre"]
    assert [update.update_id for update in await bot.get_updates(offset=-1)] == [rest[-1].update_id]


async def test_updates_are_kept_for_a_day_and_only_those_allowed(sandbox: Sandbox, bot: Bot) -> None:
    sandbox.post_as_human(CHANNEL, "vecchio")
    sandbox.clock.offset += DAY + 1
    assert await bot.get_updates(allowed_updates=["message"]) == []

    sandbox.post_as_human(CHANNEL, "x")
    sandbox.post_as_human(PERSON, "y")

    assert [update.event_type for update in await bot.get_updates()] == ["message"]


async def test_a_long_poll_ends_with_the_first_update(sandbox: Sandbox, bot: Bot) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=50))
    await is_listening(sandbox)

    sandbox.post_as_human(CHANNEL, "Buongiorno")

    assert len(await asyncio.wait_for(poll, 30)) == 1


async def test_a_second_listener_ends_the_first(sandbox: Sandbox, call: Caller) -> None:
    first = asyncio.create_task(call("getUpdates", timeout=50))
    await is_listening(sandbox)

    second = await call("getUpdates")

    assert (second.result, (await first).status) == ([], 409)
    assert (await first).description == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )


async def is_listening(sandbox: Sandbox) -> None:
    async with asyncio.timeout(30):
        while sandbox.world.updates.poll is None:  # noqa: ASYNC110 - it happens in the sandbox
            await asyncio.sleep(0.02)

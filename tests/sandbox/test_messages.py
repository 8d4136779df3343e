# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Ids, deletions, pins and forwards."""

from aiogram import Bot
from aiogram.types import MessageOriginChannel, ReplyParameters

from deploy.sandbox import Sandbox
from tests.sandbox.town import CHANNEL, GROUP, OTHER, PERSON, SUPERGROUP, Caller

TEXT = "Ciao a tutti"
TWO_DAYS = 48 * 3600


async def test_a_channel_counts_its_own_ids_from_its_creation_on(sandbox: Sandbox, call: Caller) -> None:
    first = await call.post(CHANNEL)
    human = sandbox.post_as_human(CHANNEL, "Buongiorno")
    trace = sandbox.pin(CHANNEL, first)
    second = await call.post(CHANNEL)
    elsewhere = await call.post(SUPERGROUP)

    assert (first, human, trace, second, elsewhere) == (2, 3, 4, 5, 2)
    assert sandbox.messages(CHANNEL)[0].service == {"channel_chat_created": True}


async def test_private_chats_and_basic_groups_share_one_sequence(call: Caller) -> None:
    assert [await call.post(chat) for chat in (PERSON, GROUP, PERSON)] == [1, 2, 3]


async def test_a_refused_post_takes_no_id(call: Caller) -> None:
    await call("sendMessage", chat_id=CHANNEL, text=" ")

    assert await call.post(CHANNEL) == 2


async def test_a_pin_may_leave_no_message(sandbox: Sandbox, call: Caller) -> None:
    first = await call.post(CHANNEL)

    assert sandbox.pin(CHANNEL, first, service_message=False) is None
    assert await call.post(CHANNEL) == first + 1


async def test_an_album_takes_one_id_for_each_item(call: Caller) -> None:
    media = [{"type": "photo", "media": f"https://a.it/{place}.jpg", "caption": f"{place}"} for place in range(3)]

    messages = (await call("sendMediaGroup", chat_id=CHANNEL, media=media)).result

    assert [message["message_id"] for message in messages] == [2, 3, 4]
    assert len({message["media_group_id"] for message in messages}) == 1


async def test_a_post_is_deleted_within_two_days(sandbox: Sandbox, call: Caller) -> None:
    first, second = await call.post(CHANNEL), await call.post(CHANNEL)
    sandbox.clock.offset += TWO_DAYS - 60

    await call("deleteMessage", chat_id=CHANNEL, message_id=first)
    sandbox.clock.offset += 120
    late = await call("deleteMessage", chat_id=CHANNEL, message_id=second)

    assert late.description == "Bad Request: message can't be deleted"
    assert [message.id for message in sandbox.messages(CHANNEL)] == [1, second]


async def test_deleting_many_skips_what_is_not_there_and_spares_all_for_one(sandbox: Sandbox, call: Caller) -> None:
    ids = [await call.post(CHANNEL) for _ in range(3)]

    spared = await call("deleteMessages", chat_id=CHANNEL, message_ids=[1, *ids])
    done = await call("deleteMessages", chat_id=CHANNEL, message_ids=[*ids[:2], 99])

    assert (spared.status, done.result) == (400, True)
    assert [message.id for message in sandbox.messages(CHANNEL)] == [1, ids[2]]
    assert sandbox.journal[-1].messages == ids[:2]


async def test_without_the_right_only_own_posts_are_deleted(sandbox: Sandbox, call: Caller) -> None:
    sandbox.set_rights(CHANNEL, {"can_delete_messages": False})
    own, human = await call.post(CHANNEL), sandbox.post_as_human(CHANNEL, "x")

    answers = [await call("deleteMessage", chat_id=CHANNEL, message_id=each) for each in (own, human)]

    assert [answer.status for answer in answers] == [200, 400]


async def test_a_forward_tells_where_it_comes_from(bot: Bot, sandbox: Sandbox) -> None:
    human = sandbox.post_as_human(CHANNEL, "Buongiorno")

    forward = await bot.forward_message(PERSON, CHANNEL, human)

    assert isinstance(forward.forward_origin, MessageOriginChannel)
    assert (forward.forward_origin.chat.id, forward.forward_origin.message_id) == (CHANNEL, human)
    assert (forward.text, forward.chat.id, forward.message_id) == ("Buongiorno", PERSON, 1)


async def test_a_copy_has_no_origin_and_only_its_id_is_told(sandbox: Sandbox, call: Caller) -> None:
    source = await call.post(CHANNEL)

    answer = await call("copyMessage", chat_id=OTHER, from_chat_id=CHANNEL, message_id=source)

    assert answer.result == {"message_id": 2}
    assert sandbox.messages(OTHER)[-1].origin is None


async def test_a_reply_shows_what_it_answers(bot: Bot) -> None:
    first = await bot.send_message(CHANNEL, TEXT)

    second = await bot.send_message(CHANNEL, "Sì", reply_parameters=ReplyParameters(message_id=first.message_id))

    assert second.reply_to_message
    assert second.reply_to_message.message_id == first.message_id


async def test_the_bot_pins_with_the_right_to_edit(bot: Bot, sandbox: Sandbox, call: Caller) -> None:
    sandbox.set_rights(CHANNEL, {"can_edit_messages": True})
    message_id = await call.post(CHANNEL)

    await bot.pin_chat_message(CHANNEL, message_id)
    chat = await bot.get_chat(CHANNEL)
    await bot.unpin_chat_message(CHANNEL)

    assert chat.pinned_message
    assert chat.pinned_message.message_id == message_id
    assert (await bot.get_chat(CHANNEL)).pinned_message is None
    assert sandbox.messages(CHANNEL)[-1].service == {"pinned_message": message_id}

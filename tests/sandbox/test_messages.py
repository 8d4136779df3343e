# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Ids, edits, deletions, pins and forwards."""

import pytest
from aiogram import Bot
from aiogram.types import LinkPreviewOptions, MessageEntity, MessageOriginChannel, ReplyParameters

from deploy.sandbox import Sandbox
from tests.sandbox.town import CHANNEL, GROUP, OTHER, PERSON, SUPERGROUP, Caller

TEXT = "Ciao a tutti"
BOLD = [MessageEntity(type="bold", offset=0, length=4)]
BUTTON = {"inline_keyboard": [[{"text": "Apri", "url": "https://a.it/"}]]}
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


async def test_an_own_post_can_be_edited_for_ever(sandbox: Sandbox, bot: Bot) -> None:
    message = await bot.send_message(CHANNEL, TEXT)
    sandbox.clock.offset += 100 * TWO_DAYS

    edited = await bot.edit_message_text("Corretto", chat_id=CHANNEL, message_id=message.message_id)

    assert (edited.text, edited.message_id) == ("Corretto", message.message_id)  # type: ignore[union-attr]
    assert edited.edit_date  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change",
    [
        {"entities": BOLD},
        {"link_preview_options": LinkPreviewOptions(is_disabled=True)},
        {"reply_markup": BUTTON},
        {"text": "Ciao a Tutti"},
    ],
    ids=["entities", "preview", "markup", "text"],
)
async def test_an_edit_is_new_if_anything_differs(change: dict[str, object], bot: Bot, call: Caller) -> None:
    message_id = await call.post(CHANNEL, TEXT)
    content = {"text": TEXT, "chat_id": CHANNEL, "message_id": message_id}

    there = await bot.edit_message_text(**(content | change))  # type: ignore[arg-type]
    back = await call("editMessageText", **content)

    assert there
    assert back.status == 200


async def test_trimmed_text_and_telegrams_own_finds_do_not_make_an_edit_new(call: Caller) -> None:
    message_id = await call.post(CHANNEL, "Vedi http://a.it ")

    answer = await call("editMessageText", chat_id=CHANNEL, message_id=message_id, text=" Vedi http://a.it")

    assert answer.description.startswith("Bad Request: message is not modified")


async def test_a_keyboard_not_repeated_in_an_edit_is_taken_away(call: Caller) -> None:
    message_id = await call.post(CHANNEL, TEXT, reply_markup=BUTTON)

    answer = await call("editMessageText", chat_id=CHANNEL, message_id=message_id, text=TEXT)
    again = await call("editMessageReplyMarkup", chat_id=CHANNEL, message_id=message_id)

    assert "reply_markup" not in answer.result
    assert again.description.startswith("Bad Request: message is not modified")


async def test_a_foreign_post_is_overwritten_only_with_the_right_to(sandbox: Sandbox, call: Caller) -> None:
    human = sandbox.post_as_human(CHANNEL, "Buongiorno")

    without = await call("editMessageText", chat_id=CHANNEL, message_id=human, text="x")
    sandbox.set_rights(CHANNEL, {"can_edit_messages": True})
    with_it = await call("editMessageText", chat_id=CHANNEL, message_id=human, text="x")

    assert without.description == "Bad Request: message can't be edited"
    assert with_it.result["text"] == "x"
    assert sandbox.messages(CHANNEL)[-1].text.text == "x"


async def test_a_forward_and_a_service_message_cannot_be_edited(sandbox: Sandbox, call: Caller) -> None:
    sandbox.set_rights(CHANNEL, {"can_edit_messages": True})
    source = await call.post(OTHER)
    forward = await call("forwardMessage", chat_id=CHANNEL, from_chat_id=OTHER, message_id=source)

    for message_id in (1, forward.result["message_id"]):
        answer = await call("editMessageText", chat_id=CHANNEL, message_id=message_id, text="x")

        assert answer.description == "Bad Request: message can't be edited"


async def test_a_caption_and_a_medium_are_edited_on_their_own(bot: Bot) -> None:
    sent = await bot.send_photo(CHANNEL, "https://a.it/a.jpg", caption="Menù")

    caption = await bot.edit_message_caption(chat_id=CHANNEL, message_id=sent.message_id, caption="Menù nuovo")

    assert caption.caption == "Menù nuovo"  # type: ignore[union-attr]
    assert caption.photo == sent.photo  # type: ignore[union-attr]


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

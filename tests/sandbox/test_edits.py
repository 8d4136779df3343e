# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Edits: whose posts, for how long, and when an edit changes nothing."""

import pytest
from aiogram import Bot
from aiogram.types import LinkPreviewOptions, MessageEntity

from deploy.sandbox import Sandbox
from tests.sandbox.town import CHANNEL, OTHER, Caller

TEXT = "Ciao a tutti"
BOLD = [MessageEntity(type="bold", offset=0, length=4)]
BUTTON = {"inline_keyboard": [[{"text": "Apri", "url": "https://a.it/"}]]}
TWO_DAYS = 48 * 3600


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

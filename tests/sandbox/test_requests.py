# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""However a request is written, it is read; whatever is wrong with it is named."""

import pytest
from aiogram import Bot

from deploy.sandbox import Sandbox
from tests.sandbox.town import CHANNEL, FORM, Caller

BUTTON = {"text": "Apri", "url": "https://www.comune.prato.it"}


async def test_a_form_a_query_json_and_parts_say_the_same(sandbox: Sandbox, call: Caller) -> None:
    path = call.path("sendMessage")
    what = {"chat_id": str(CHANNEL), "text": "Ciao"}

    answers = [
        await call.send("POST", path, data=what),
        await call.send("GET", path, params=what),
        await call.send("POST", path, json={"chat_id": CHANNEL, "text": "Ciao"}),
        await call.upload("sendMessage", {"unused": ("a.txt", b"x")}, **what),
    ]

    assert [answer.result["text"] for answer in answers] == ["Ciao"] * 4
    assert [message.text.text for message in sandbox.messages(CHANNEL)][1:] == ["Ciao"] * 4


async def test_a_method_is_found_in_any_case(call: Caller) -> None:
    assert (await call("SENDmessage", chat_id=CHANNEL, text="x")).status == 200


async def test_a_channel_is_found_by_its_name_in_any_case(call: Caller) -> None:
    answer = await call("sendMessage", chat_id="@ScuolA", text="x")

    assert answer.result["chat"]["id"] == CHANNEL


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({"entities": "{"}, "can't parse entities JSON object"),
        ({"entities": "{}"}, "expected an Array of MessageEntity"),
        ({"entities": '[{"type":"bold","length":1}]'}, "can't parse MessageEntity: Can't find field \"offset\""),
        (
            {"entities": '[{"type":"bold","offset":"0","length":1}]'},
            'can\'t parse MessageEntity: Field "offset" must be a Number',
        ),
        ({"reply_markup": "x"}, "can't parse reply keyboard markup JSON object"),
        ({"reply_markup": "[]"}, "object expected as reply markup"),
        ({"link_preview_options": "x"}, "can't parse link preview options JSON object"),
        ({"link_preview_options": "[]"}, "object expected as link preview options"),
        ({"reply_parameters": "1"}, "object expected as reply parameters"),
        ({"reply_parameters": "x"}, "can't parse reply parameters JSON object"),
        ({"message_thread_id": "x"}, 'parameter "message_thread_id" must be of type Integer'),
        (
            {"reply_markup": {"inline_keyboard": [[BUTTON | {"uri": "x"}]]}},
            'can\'t parse inline keyboard button: Unknown field "uri"',
        ),
        (
            {"reply_markup": {"inline_keyboard": [[BUTTON | {"callback_data": "x"}]]}},
            "can't parse inline keyboard button: exactly one of the optional fields must be used",
        ),
    ],
)
async def test_what_has_the_wrong_shape_is_named(parameters: dict[str, object], description: str, call: Caller) -> None:
    answer = await call("sendMessage", chat_id=CHANNEL, text="x", **parameters)

    assert (answer.status, answer.description) == (400, f"Bad Request: {description}")


async def test_a_json_body_is_checked_like_a_form(call: Caller) -> None:
    wrong = [{"chat_id": CHANNEL, "text": 5}, {"chat_id": True, "text": "x"}, [], "x"]

    answers = [await call.send("POST", call.path("sendMessage"), json=body) for body in wrong]

    assert [answer.status for answer in answers] == [400] * 4
    assert answers[0].description == 'Bad Request: parameter "text" must be of type String'


async def test_a_body_of_no_known_form_is_refused(call: Caller) -> None:
    path = call.path("sendMessage")

    broken = await call.send("POST", path, data=b"{", headers={"Content-Type": "application/json"})
    bytes_ = await call.send("POST", path, data=b"text=\xff", headers=FORM)

    assert (broken.status, bytes_.description) == (400, "Bad Request: strings must be encoded in UTF-8")


async def test_a_body_beyond_the_limit_is_refused_as_html(call: Caller) -> None:
    answer = await call.upload("sendDocument", {"document": ("a.bin", b"x" * (55 << 20))}, chat_id=CHANNEL)

    assert (answer.status, answer.headers["Content-Type"]) == (413, "text/html")


async def test_the_library_of_the_workers_understands_every_question(bot: Bot) -> None:
    me = await bot.get_me()
    chat = await bot.get_chat("@scuola")
    member = await bot.get_chat_member(CHANNEL, me.id)
    administrators = await bot.get_chat_administrators(CHANNEL)

    assert (chat.id, chat.type, chat.title) == (CHANNEL, "channel", "Scuola")
    assert member.model_dump()["can_post_messages"] is True
    assert member.model_dump()["can_edit_messages"] is False
    assert {each.status for each in administrators} == {"creator", "administrator"}
    assert await bot.delete_webhook(drop_pending_updates=True)


@pytest.mark.parametrize(("standing", "status"), [("left", "left"), ("member", "member")])
async def test_the_standing_of_the_bot_is_told(standing: str, status: str, bot: Bot, sandbox: Sandbox) -> None:
    sandbox.stand(CHANNEL, standing)

    member = await bot.get_chat_member(CHANNEL, sandbox.world.bot_id)

    assert member.status == status


async def test_what_telegram_no_longer_knows_is_ignored_where_that_is_wanted(sandbox: Sandbox, call: Caller) -> None:
    refused = await call("sendMessage", chat_id=CHANNEL, text="x", disable_web_page_preview=True)
    sandbox.exchange.ignores_unknown = True
    taken = await call("sendMessage", chat_id=CHANNEL, text="x", disable_web_page_preview=True)

    assert (refused.status, taken.status) == (400, 200)

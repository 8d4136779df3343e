# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What goes over the wire as JSON says what aiogram's own form would say."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiogram import Bot
from aiogram.methods import DeleteMessage, ForwardMessage, GetChatMember, SendMessage, TelegramMethod
from aiogram.types import MessageEntity, ReplyParameters

from workers.telegram.calls import NO_PREVIEW, delete, edit, post
from workers.telegram.session import Ready, WatchedSession, ready

TEXT = 'Mensa: "pasto freddo" \u2028 \U0001f34e & <b>'
MARKS: list[dict[str, Any]] = [
    {"kind": "bold", "offset": 0, "length": 5, "url": None},
    {"kind": "text_link", "offset": 7, "length": 5, "url": "https://comune.example/?a=1&b=\xe8"},
]
PAYLOAD = json.dumps({"text": TEXT, "entities": MARKS, "media": [], "album": False}, ensure_ascii=False)
CAPTION = json.dumps({"text": TEXT, "entities": MARKS, "media": [["photo", "x"]], "album": True}, ensure_ascii=False)
TEXTS = ("chat_id", "from_chat_id", "text", "caption")
ENTITIES = [MessageEntity(type=m["kind"], offset=m["offset"], length=m["length"], url=m["url"]) for m in MARKS]
CALLS: Sequence[TelegramMethod[Any]] = [
    edit("@scuola", "12", PAYLOAD),
    edit("-1001", "12", CAPTION),
    delete("-1001", ["3"]),
    delete("-1001", ["3", "4"]),
    DeleteMessage(chat_id="5", message_id=1),
    ForwardMessage(chat_id="-1", from_chat_id="-1002", message_id=7, disable_notification=True),
    GetChatMember(chat_id="-1001", user_id=1),
]


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    session = WatchedSession("http://127.0.0.1:1", 1.0)
    yield Bot("123456789:only-for-a-test-0000000000000000000", session=session)
    await session.close()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__api_method__)
async def test_a_call_without_files_says_as_json_what_a_form_would_say(bot: Bot, call: TelegramMethod[Any]) -> None:
    assert as_a_form(ready(call)) == form_of(bot, call)


@pytest.mark.parametrize("replies_to", [None, "41"])
@pytest.mark.parametrize("silent", [False, True])
async def test_a_text_says_the_same_to_every_chat_but_where_it_goes(
    bot: Bot, replies_to: str | None, *, silent: bool
) -> None:
    for address in ("4711", "-1001234567890", "@scuola_primaria"):
        reply = None if replies_to is None else ReplyParameters(message_id=41, allow_sending_without_reply=True)
        plain = SendMessage(
            chat_id=address,
            text=TEXT,
            entities=ENTITIES,
            parse_mode=None,
            link_preview_options=NO_PREVIEW,
            disable_notification=silent,
            reply_parameters=reply,
        )

        call = post(address, PAYLOAD, [], silent=silent, replies_to=replies_to)

        assert isinstance(call, Ready)
        assert as_a_form(call) == form_of(bot, plain)


def as_a_form(call: Ready) -> dict[str, object]:
    return {"method": call.name, **json.loads(call.body)}


def form_of(bot: Bot, call: TelegramMethod[Any]) -> dict[str, object]:
    """Give what aiogram would send, read as Telegram reads it: what is no text stands there as JSON."""
    body = WatchedSession("http://127.0.0.1:1", 1.0).build_form_data(bot, call)().decode()
    said = {name: value if name in TEXTS else json.loads(value) for name, value in parse_qsl(body)}
    return {"method": call.__api_method__, **said}

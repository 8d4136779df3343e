# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Keyboards under messages, checked as the server checks them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from deploy.sandbox.chats import Chat, Kind
from deploy.sandbox.refusals import RefusedError, Why, bad_request
from deploy.sandbox.tdlib import canonical

DATA_BYTES = 64
MARKUP_BYTES = 10_000
ACTIONS = frozenset(
    [
        "url",
        "callback_data",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "copy_text",
        "callback_game",
        "pay",
    ]
)


def markup_of(parameters: Mapping[str, Any]) -> Any:
    """Read the keyboard of a request; an empty one is none."""
    markup = parameters.get("reply_markup")
    if not markup:
        return None
    if len(msgspec.json.encode(markup)) > MARKUP_BYTES:
        raise bad_request(Why.MARKUP_TOO_LONG)
    if "inline_keyboard" not in markup:
        return markup
    rows = [[button_of(button) for button in row] for row in markup["inline_keyboard"] if row]
    return {"inline_keyboard": rows} if rows else None


def button_of(button: Mapping[str, Any]) -> dict[str, Any]:
    if not button["text"].strip():
        raise bad_request(Why.BUTTON_TEXT_EMPTY)
    actions = ACTIONS & button.keys()
    if not actions:
        raise bad_request(Why.MARKUP_BAD_BUTTON, reason="Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(Why.MARKUP_BAD_BUTTON, reason="exactly one of the optional fields must be used")
    if len(button.get("callback_data", "").encode()) > DATA_BYTES:
        raise bad_request(Why.BUTTON_DATA)
    return {**button, "url": link(button["url"])} if "url" in button else dict(button)


def link(url: str) -> str:
    """Bring an address into Telegram's form, by way of a link in a text."""
    entity = {"offset": 0, "length": 1, "type": {"@type": "textEntityTypeTextUrl", "url": url}}
    try:
        kind: dict[str, Any] = canonical("x", [entity])[1][0]["type"]
    except RefusedError as error:
        problem = error.description.removeprefix("Bad Request: entity ")
        raise bad_request(Why.BUTTON_URL, problem=problem) from None
    return str(kind.get("url", url))


def check_fits(markup: Any, chat: Chat) -> None:
    """Only keyboards inside the message can be seen in a channel."""
    if markup and "inline_keyboard" not in markup and chat.kind is Kind.CHANNEL:
        raise bad_request(Why.MARKUP_NOT_INLINE)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Telegram says of an address: is it there, which rights has our bot, may it post there (again)."""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from aiogram.methods import GetChat, GetChatMember, SendChatAction, TelegramMethod

from app.checks import Answer
from app.domain.delivery import Action
from app.domain.outcome import Gone, Misconfigured, Refused
from workers.telegram.errors import has_changed, read
from workers.telegram.sender import Sender
from workers.telegram.session import Ready, Reply, Watch

PUBLIC_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
RIGHTS = ("can_post_messages", "can_edit_messages", "can_delete_messages")
NOT_FOUND = (
    "Telegram does not know this address. Write the number of the channel (it begins with -100) or its @name, "
    "and add the bot to the channel as an administrator."
)
NO_MEMBER = "The bot is not in this channel. Add it as an administrator who may post messages."
NO_POSTING = "The bot is in this channel but may not post. Give it the right to post messages."
NO_PERSON = "The bot may not write to this person, who has to open its chat and press Start."
WRONG_TOKEN = "Telegram refuses our bot. The token of the installation (CAMPANELLA_TELEGRAM_TOKEN) is wrong."  # noqa: S105 - a sentence
CLOSED = "topic_closed"


@dataclass(frozen=True, slots=True)
class Place:
    """What is said of an address, and what kind of chat is there.

    `may_be_closed`: a forum whose first topic, where we post, may be closed to us. Telegram lets no bot ask about that.
    """

    answer: Answer
    kind: str = ""
    may_be_closed: bool = False


async def may_go_on(sender: Sender, address: str, why: str) -> bool:
    """Tell whether a channel that was paused for this reason can be posted to again. Never raises."""
    try:
        place = await look(sender, address)
    except Exception:  # noqa: BLE001 - who cannot be asked is not well
        return False
    return place.answer.verdict == "ok" and not (place.may_be_closed and CLOSED in why.lower())


async def look(sender: Sender, address: str) -> Place:
    """Ask Telegram about an address."""
    chat_reply = await _call(sender, GetChat(chat_id=address))
    chat = _result(chat_reply)
    if chat is None:
        return Place(_refused(chat_reply, NOT_FOUND))
    kind = str(chat.get("type"))
    answer = Answer("ok", title=_text(chat.get("title") or chat.get("first_name")), address=_number(chat, address))
    if kind == "private":  # it is there also for those whom it has blocked
        reply = await _call(sender, SendChatAction(chat_id=address, action="typing"))
        return Place(answer if has_changed(reply) else _refused(reply, NO_PERSON), kind)
    answer = replace(answer, link=_link(chat.get("username")))
    member_reply = await _call(sender, GetChatMember(chat_id=address, user_id=sender.bot.id))
    member = _result(member_reply)
    if member is None:
        return Place(_refused(member_reply, NO_MEMBER), kind)
    rights = {name: member.get(name) is True for name in RIGHTS}
    status = str(member.get("status"))
    problem = _problem(chat, status, rights)
    answer = replace(answer, verdict="ok" if problem is None else "refused", problem=problem, rights=rights)
    opens_topics = status == "creator" or (status == "administrator" and member.get("can_manage_topics") is True)
    return Place(answer, kind, chat.get("is_forum") is True and not opens_topics)


def _problem(chat: dict[str, Any], status: str, rights: dict[str, bool]) -> str | None:
    if status in ("left", "kicked"):
        return NO_MEMBER
    if chat.get("type") == "channel":
        return None if rights["can_post_messages"] or status == "creator" else NO_POSTING
    permissions = chat.get("permissions")
    muted = status == "member" and isinstance(permissions, dict) and permissions.get("can_send_messages") is False
    return NO_POSTING if muted or status == "restricted" else None


def _refused(reply: Reply, sentence: str) -> Answer:
    outcome = read(reply, Action.EDIT)
    if isinstance(outcome, Misconfigured) and reply.status == 401:  # noqa: PLR2004 - Unauthorized
        return Answer("refused", WRONG_TOKEN)
    if isinstance(outcome, Gone | Refused):
        return Answer("refused", f"{sentence} (Telegram: {outcome.reason})")
    return Answer("unknown", "Telegram did not answer the question; the channel is not checked yet")


async def _call(sender: Sender, method: TelegramMethod[Any] | Ready) -> Reply:
    return await sender.session.exchange(sender.bot, method, Watch())


def _result(reply: Reply) -> dict[str, Any] | None:
    try:
        answer = json.loads(reply.body or b"")
    except ValueError:
        return None
    result = answer.get("result") if isinstance(answer, dict) and answer.get("ok") is True else None
    return result if isinstance(result, dict) else None


def _number(chat: dict[str, Any], address: str) -> str:
    """Keep the number: a name can change hands."""
    number = chat.get("id")
    return str(number) if isinstance(number, int) else address


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _link(name: object) -> str | None:
    """Give the address at which anyone may join, if the channel has a public name."""
    return f"https://t.me/{name}" if isinstance(name, str) and PUBLIC_NAME.fullmatch(name) else None

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Asks Telegram about an address: is it there, may our bot post, which rights has it, can it be asked after a doubt."""

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from aiogram.methods import DeleteMessage, GetChat, GetChatMember, SendChatAction, TelegramMethod

from app.checks import Answer
from app.domain.delivery import Action
from app.domain.outcome import (
    Absent,
    Delivered,
    Doubted,
    Gone,
    Misconfigured,
    Outcome,
    Refused,
    Unclear,
    named,
    reason,
)
from workers.desk import CALL, Finding, Pause, TurnOverError
from workers.telegram.calls import post
from workers.telegram.errors import has_changed, read
from workers.telegram.leftover import label, tried
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
EDITS_OTHERS = (
    "The bot may edit other people's posts, so it must not ask by editing. Take that right away, or set "
    "CAMPANELLA_TELEGRAM_OPERATIONS_CHAT."
)
DISHONEST = "Asking does not tell the truth here ({}, {}); doubts follow the policy."
LEFT = "The test post {} could not be deleted ({}): delete it by hand."
UNTOLD = (
    "Telegram did not say whether the test post arrived, so nothing is asked here for now. If it stands there, "
    "delete it by hand; then check again."
)
OWN_NUMBERS = ("channel", "supergroup")
SHARED_NUMBERS = (
    "A basic group shares its numbers with all private chats, so it cannot be asked; doubts follow the policy. "
    "Make it a supergroup (let new members see its history) or a channel."
)


async def inspect(sender: Sender, address: str, pause: Pause | None) -> Finding:
    """Check one address; with a pause, also prove that it can be asked. Never raises."""
    try:
        answer, kind = await _inspect(sender, address)
        if pause is None or answer.verdict != "ok" or answer.rights is None:
            return Finding(answer)
        if kind not in OWN_NUMBERS:  # what is behind its last post may be in any other chat
            return Finding(replace(answer, problem=SHARED_NUMBERS))
        return await _prove(sender, address, answer, pause)
    except TurnOverError as over:
        return Finding(Answer("unknown", str(over)))
    except Exception as error:  # noqa: BLE001 - a check that cannot be made is an answer too
        return Finding(Answer("unknown", f"Telegram could not be reached: {type(error).__name__}"))


async def _inspect(sender: Sender, address: str) -> tuple[Answer, str]:
    """Say what Telegram says of an address, and what kind of chat it is."""
    chat_reply = await _call(sender, GetChat(chat_id=address))
    chat = _result(chat_reply)
    if chat is None:
        return _refused(chat_reply, NOT_FOUND), ""
    kind = str(chat.get("type"))
    answer = Answer("ok", title=_text(chat.get("title") or chat.get("first_name")), address=_number(chat, address))
    if kind == "private":  # it is there also for those whom it has blocked
        reply = await _call(sender, SendChatAction(chat_id=address, action="typing"))
        return (answer if has_changed(reply) else _refused(reply, NO_PERSON)), kind
    answer = replace(answer, link=_link(chat.get("username")))
    member_reply = await _call(sender, GetChatMember(chat_id=address, user_id=sender.bot.id))
    member = _result(member_reply)
    if member is None:
        return _refused(member_reply, NO_MEMBER), kind
    rights = {name: member.get(name) is True for name in RIGHTS}
    problem = _problem(kind, str(member.get("status")), rights)
    return replace(answer, verdict="ok" if problem is None else "refused", problem=problem, rights=rights), kind


def _problem(kind: str, status: str, rights: dict[str, bool]) -> str | None:
    if status in ("left", "kicked"):
        return NO_MEMBER
    if kind == "channel" and not rights["can_post_messages"] and status != "creator":
        return NO_POSTING
    return NO_POSTING if status == "restricted" else None


async def _prove(sender: Sender, address: str, answer: Answer, pause: Pause) -> Finding:
    """Post a silent test post, ask for it and for the place after it, delete it; say whether asking tells the truth."""
    if sender.operations is None and (answer.rights or {}).get("can_edit_messages"):
        return Finding(replace(answer, problem=EDITS_OTHERS))
    payload = json.dumps({"text": f"Prova di Campanella {secrets.token_hex(4)}", "entities": []})
    await pause()
    posted = await tried(sender, post(address, payload, [], silent=True), Action.POST)
    if isinstance(posted, Doubted):
        return Finding(replace(answer, problem=UNTOLD), stray=True)
    if not isinstance(posted, Delivered) or not posted.references:
        return Finding(replace(answer, problem="The test post was not taken, so the channel cannot be asked."))
    number = int(posted.references[0])
    try:
        remember = partial(pause, label(answer.address or address, posted.references[0]))
        there, behind = await _ask_twice(sender, address, number, payload, remember)
        with suppress(Exception):  # what was posted is taken away, whether the pace can be had or not
            await pause()
    finally:
        gone = await tried(sender, DeleteMessage(chat_id=address, message_id=number), Action.DELETE)
    honest = isinstance(there, Delivered) and isinstance(behind, Absent)
    why = [] if honest else [DISHONEST.format(_said(there), _said(behind))]
    left = [] if isinstance(gone, Delivered) else [LEFT.format(number, _said(gone))]
    return Finding(replace(answer, can_ask=honest, problem=" ".join((*why, *left)) or None), str(number))


async def _ask_twice(
    sender: Sender, address: str, number: int, payload: str, pause: Callable[[], Awaitable[None]]
) -> tuple[Outcome, Outcome]:
    """Ask for the test post itself, which must be there, and for the place after it, which must be empty."""
    try:
        await pause()
        there = await _asked(sender, address, number, payload)
        await pause()
        return there, await _asked(sender, address, number + 1, payload)
    except Exception as error:  # noqa: BLE001 - what cannot be asked now is no proof, and the test post goes anyway
        over = isinstance(error, TurnOverError)
        unclear = Unclear(str(error) if over else f"no answer: {type(error).__name__}")
        return unclear, unclear


async def _asked(sender: Sender, address: str, place: int, payload: str) -> Outcome:
    """Ask within the time that the pause has seen to: later a notice may stand there, which would be written over."""
    watch = Watch(until=asyncio.get_running_loop().time() + CALL)
    async with asyncio.timeout_at(watch.until):
        return await sender.ask(address, str(place), payload, watch)


def _said(answer: Outcome) -> str:
    return reason(answer) or named(answer)


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

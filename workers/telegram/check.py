# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Checks an address: is it there, may our bot post, which rights has it, can it be asked after a doubt."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from aiogram.methods import DeleteMessage

from app.checks import Answer
from app.domain.delivery import Action
from app.domain.outcome import (
    Absent,
    Delivered,
    Doubted,
    Outcome,
    Throttled,
    Unclear,
    named,
    reason,
)
from workers.desk import Finding, Pause, TurnOverError
from workers.telegram.calls import post
from workers.telegram.leftover import label, tried
from workers.telegram.place import look
from workers.telegram.sender import Sender
from workers.telegram.session import Watch

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
        place = await look(sender, address)
        answer = place.answer
        if pause is None or answer.verdict != "ok" or answer.rights is None:
            return Finding(answer)
        if place.kind not in OWN_NUMBERS:  # what is behind its last post may be in any other chat
            return Finding(replace(answer, problem=SHARED_NUMBERS))
        return await _prove(sender, address, answer, pause)
    except TurnOverError as over:
        return Finding(Answer("unknown", str(over)))
    except Exception as error:  # noqa: BLE001 - a check that cannot be made is an answer too
        return Finding(Answer("unknown", f"Telegram could not be reached: {type(error).__name__}"))


async def _prove(sender: Sender, address: str, answer: Answer, pause: Pause) -> Finding:
    """Post a silent test post, ask for it and for the place after it, delete it; say whether asking tells the truth."""
    if sender.asker.operations is None and (answer.rights or {}).get("can_edit_messages"):
        return Finding(replace(answer, problem=EDITS_OTHERS))
    payload = json.dumps({"text": f"Prova di Campanella {secrets.token_hex(4)}", "entities": []})
    await pause()
    posted = await tried(sender, post(address, payload, [], silent=True), Action.POST)
    if isinstance(posted, Doubted):
        return Finding(replace(answer, problem=UNTOLD), stray=True)
    if not isinstance(posted, Delivered) or not posted.references:
        untaken = replace(answer, problem="The test post was not taken, so the channel cannot be asked.")
        return Finding(untaken, wait=_to_wait(posted))
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
    proved = replace(answer, can_ask=honest, problem=" ".join((*why, *left)) or None)
    return Finding(proved, str(number), wait=_to_wait(there, behind, gone))


async def _ask_twice(
    sender: Sender, address: str, number: int, payload: str, pause: Callable[[], Awaitable[float]]
) -> tuple[Outcome, Outcome]:
    """Ask for the test post itself, which must be there, and for the place after it, which must be empty."""
    try:
        there = await _asked(sender, address, number, payload, await pause())
        if isinstance(there, Throttled):
            return there, there
        return there, await _asked(sender, address, number + 1, payload, await pause())
    except Exception as error:  # noqa: BLE001 - what cannot be asked now is no proof, and the test post goes anyway
        over = isinstance(error, TurnOverError)
        unclear = Unclear(str(error) if over else f"no answer: {type(error).__name__}")
        return unclear, unclear


async def _asked(sender: Sender, address: str, place: int, payload: str, until: float) -> Outcome:
    """Ask within the time that the pause has seen to: later a notice may stand there, which would be written over."""
    async with asyncio.timeout_at(until):
        return await sender.asker.ask(address, str(place), payload, Watch(until=until))


def _to_wait(*answers: Outcome) -> float:
    """Give the seconds that Telegram asked to wait, which the next notice does, too."""
    return max(answer.seconds if isinstance(answer, Throttled) else 0.0 for answer in answers)


def _said(answer: Outcome) -> str:
    return reason(answer) or named(answer)

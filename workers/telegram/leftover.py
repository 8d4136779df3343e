# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Test posts of checks whose worker died: remembered by the number of their chat, as a name can change hands."""

from typing import Any

from aiogram.methods import DeleteMessage, TelegramMethod

from app.domain.delivery import Action
from app.domain.outcome import Delivered, Gone, Outcome, Undeletable
from workers.telegram.errors import broke, read
from workers.telegram.sender import Sender
from workers.telegram.session import Ready, Watch


def label(address: str, reference: str) -> str:
    """Say where a test post stands."""
    return f"{address} {reference}"


async def take_away(sender: Sender, test_post: str) -> bool:
    """Delete a test post; True where it is gone or nobody can delete it any more. Never raises."""
    address, _, reference = test_post.rpartition(" ")
    delete = DeleteMessage(chat_id=address, message_id=int(reference))
    return isinstance(await tried(sender, delete, Action.DELETE), Delivered | Undeletable | Gone)


async def tried(sender: Sender, method: TelegramMethod[Any] | Ready, action: Action) -> Outcome:
    """Make a call, and say what it came to, also when no answer came."""
    watch = Watch()
    try:
        return read(await sender.session.exchange(sender.bot, method, watch), action)
    except Exception as error:  # noqa: BLE001 - the wire tells whether Telegram may have acted
        return broke(error, watch.wire)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Pinning, which in a channel needs the right to edit."""

from deploy.sandbox.access import Need, check_may_pin
from deploy.sandbox.chats import Author
from deploy.sandbox.methods.call import Call, Done, target
from deploy.sandbox.refusals import Why, bad_request
from deploy.sandbox.world import World


def pin_message(world: World, call: Call) -> Done:
    chat = target(world, call, Need.WRITE)
    message = chat.shown(call.parameters["message_id"])
    if message is None:
        raise bad_request(Why.PIN_NOT_FOUND)
    check_may_pin(chat)
    if message.service:
        raise bad_request(Why.PIN_SERVICE)
    if message.id in chat.pinned:
        raise bad_request(Why.PIN_NOT_CHANGED)
    trace = world.pin(chat, message, Author.BOT)
    return Done(result=True, did="pinned", messages=[message.id, *([trace.id] if trace else [])])


def unpin_message(world: World, call: Call) -> Done:
    """Unpin one message, or the newest pinned one."""
    chat = target(world, call, Need.WRITE)
    wanted = call.parameters.get("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    message = chat.shown(wanted)
    if message is None:
        raise bad_request(Why.UNPIN_NOT_FOUND)
    check_may_pin(chat)
    if message.id not in chat.pinned:
        raise bad_request(Why.PIN_NOT_CHANGED)
    chat.pinned.remove(message.id)
    world.tell("chat", chat)
    return Done(result=True, did="unpinned", messages=[message.id])

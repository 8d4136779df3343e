# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Taking messages away."""

from deploy.sandbox.access import Need, check_may_delete
from deploy.sandbox.methods.call import Call, Done, target
from deploy.sandbox.refusals import Why, bad_request
from deploy.sandbox.world import World

AT_ONCE = 100


def delete_message(world: World, call: Call) -> Done:
    chat = target(world, call, Need.WRITE)
    message = chat.shown(call.parameters["message_id"])
    if message is None:
        raise bad_request(Why.DELETE_NOT_FOUND)
    check_may_delete(chat, message, world.clock.now())
    world.delete(chat, [message])
    return Done(result=True, did="deleted", messages=[message.id])


def delete_messages(world: World, call: Call) -> Done:
    """Delete those that are there; one that may not be deleted keeps them all."""
    ids = call.parameters["message_ids"]
    if not ids:
        raise bad_request(Why.MESSAGE_IDS_MISSING)
    if len(ids) > AT_ONCE:
        raise bad_request(Why.MESSAGE_IDS_TOO_MANY)
    if min(ids) <= 0:
        raise bad_request(Why.MESSAGE_ID_INVALID)
    chat = target(world, call, Need.WRITE)
    messages = [message for id_ in dict.fromkeys(ids) if (message := chat.shown(id_))]
    for message in messages:
        check_may_delete(chat, message, world.clock.now())
    world.delete(chat, messages)
    return Done(result=True, did="deleted", messages=[message.id for message in messages])

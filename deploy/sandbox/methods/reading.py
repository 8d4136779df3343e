# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Questions that change nothing."""

from deploy.sandbox.access import Need, chat_for, check_group
from deploy.sandbox.answers import OWNER, bot_member, chat_full, me, owner_json
from deploy.sandbox.chats import Kind, Standing
from deploy.sandbox.methods.call import Call, Done
from deploy.sandbox.refusals import Why, bad_request
from deploy.sandbox.world import World


def get_me(world: World, call: Call) -> Done:  # noqa: ARG001 (every method is called alike)
    return Done(me(world.bot_id))


def get_chat(world: World, call: Call) -> Done:
    chat = chat_for(world, call.parameters["chat_id"], Need.READ)
    return Done(chat_full(chat, world.bot_id))


def get_member(world: World, call: Call) -> Done:
    chat = chat_for(world, call.parameters["chat_id"], Need.READ)
    user_id = call.parameters["user_id"]
    if user_id == world.bot_id:
        return Done(bot_member(chat, world.bot_id))
    if user_id == OWNER["id"] and chat.kind is not Kind.PRIVATE:
        return Done(owner_json())
    raise bad_request(Why.USER_NOT_FOUND)


def get_administrators(world: World, call: Call) -> Done:
    """Name those who lead a chat; a group that has ended tells it as little as it can be written to."""
    chat = chat_for(world, call.parameters["chat_id"], Need.READ)
    if chat.kind is Kind.GROUP:
        check_group(chat, Need.WRITE)
    if chat.kind is Kind.PRIVATE:
        raise bad_request(Why.NO_ADMINISTRATORS)
    administrators = [owner_json()]
    if chat.standing is Standing.ADMINISTRATOR:
        administrators.append(bot_member(chat, world.bot_id))
    return Done(administrators)


def delete_webhook(world: World, call: Call) -> Done:
    """There is no webhook to delete; what waits can be dropped."""
    if call.flag("drop_pending_updates"):
        world.updates.forget()
    return Done(result=True)

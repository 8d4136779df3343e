# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One call of a method, and what became of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.access import Need, chat_for
from deploy.sandbox.chats import Chat
from deploy.sandbox.files import Upload
from deploy.sandbox.refusals import Why, bad_request
from deploy.sandbox.world import World

BEYOND = ("direct_messages_topic_id", "suggested_post_parameters", "message_effect_id", "receiver_user_id")
BEYOND_TOO = ("callback_query_id", "ephemeral_message_parameters", "video_start_timestamp")


@dataclass(slots=True)
class Call:
    """The parameters in Python's types, and the parts that were uploaded with them.

    `lost`: the items of an album whose upload breaks off: Telegram posts the others.
    """

    parameters: dict[str, Any]
    files: Mapping[str, Upload] = field(default_factory=dict)
    lost: Collection[int] = ()

    def flag(self, name: str) -> bool:
        return bool(self.parameters.get(name))


@dataclass(slots=True)
class Done:
    """The answer of a method, and for the journal what it did to which messages."""

    result: Any
    did: str = "answered"
    messages: list[int] = field(default_factory=list)
    text: str | None = None


def target(world: World, call: Call, need: Need) -> Chat:
    """Find the chat to write to, and count the write."""
    check_within_reach(call.parameters)
    address = call.parameters.get("chat_id")
    if address is None:
        raise bad_request(Why.CHAT_ID_EMPTY)
    chat = chat_for(world, address, need)
    world.gate.pass_write(chat.id, world.clock.monotonic(), messages_of(call))
    return chat


def messages_of(call: Call) -> int:
    """Count what a call writes: an album is as many messages as it has items."""
    media = call.parameters.get("media")
    return max(1, len(media)) if isinstance(media, list) else 1


def check_within_reach(parameters: Mapping[str, Any]) -> None:
    """Refuse what needs a business account, Stars, or a part of Telegram that is not stood in for."""
    if "business_connection_id" in parameters:
        raise bad_request(Why.NO_BUSINESS)
    if parameters.get("allow_paid_broadcast"):
        raise bad_request(Why.NO_STARS)
    for name in (*BEYOND, *BEYOND_TOO):
        if name in parameters:
            raise bad_request(Why.NOT_IN_SANDBOX, name=name)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""For every sentence of refusal one call that is refused with it: what people do first, the call, the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox import Sandbox
from deploy.sandbox.refusals import Why
from tests.sandbox.town import CHANNEL, GROUP, OTHER, PERSON, SUPERGROUP, picture

BAD = "Bad Request: "
NO = "Forbidden: "
A_BUTTON = {"inline_keyboard": [[{"text": "x", "url": "https://a.it"}]]}


def nothing(sandbox: Sandbox) -> None:
    """Leave the town as it is."""


@dataclass(frozen=True)
class Scene:
    """`{own}`, `{human}` and `{photo}` are posts in the channel by the bot, a person, and the bot with a photo."""

    description: str
    method: str
    parameters: dict[str, Any] = field(default_factory=dict)
    code: int = 400
    before: Callable[[Sandbox], object] = nothing
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


def send(description: str, **parameters: Any) -> Scene:
    return Scene(BAD + description, "sendMessage", {"chat_id": CHANNEL, "text": "Ciao"} | parameters)


def stands(standing: str, description: str, chat: int = PERSON, code: int = 403) -> Scene:
    """Post to a chat to which the bot stands differently."""
    parameters = {"chat_id": chat, "text": "Ciao"}
    return Scene(description, "sendMessage", parameters, code, lambda sandbox: sandbox.stand(chat, standing))


def edit(description: str, message: str = "{own}", **parameters: Any) -> Scene:
    return Scene(
        BAD + description, "editMessageText", {"chat_id": CHANNEL, "message_id": message, "text": "x"} | parameters
    )


def on(
    method: str, description: str, message: str, before: Callable[[Sandbox], object] = nothing, chat: int = CHANNEL
) -> Scene:
    return Scene(BAD + description, method, {"chat_id": chat, "message_id": message}, before=before)


def again(method: str, description: str, message: str, before: Callable[[Sandbox], object] = nothing) -> Scene:
    parameters = {"chat_id": PERSON, "from_chat_id": CHANNEL, "message_id": message}
    return Scene(BAD + description, method, parameters, before=before)


def photo(description: str, name: str, data: bytes, method: str = "sendPhoto") -> Scene:
    kind = method.removeprefix("send").lower()
    return Scene(BAD + description, method, {"chat_id": CHANNEL}, files={kind: (name, data)})


def album(description: str, *items: dict[str, Any]) -> Scene:
    return Scene(BAD + description, "sendMediaGroup", {"chat_id": CHANNEL, "media": list(items)})


def item(kind: str = "photo", media: str = "https://a.it/a.jpg", **more: Any) -> dict[str, Any]:
    return {"type": kind, "media": media, **more}


def two_days_later(sandbox: Sandbox) -> None:
    sandbox.clock.offset += 48 * 3600


SCENES: dict[Why, Scene] = {
    Why.CHAT_ID_EMPTY: Scene(BAD + "chat_id is empty", "sendMessage", {"text": "Ciao"}),
    Why.CHAT_ID_MISSING: Scene(BAD + "chat identifier is not specified", "deleteMessage", {"message_id": 1}),
    Why.CHAT_NOT_FOUND: send("chat not found", chat_id=-1009999),
    Why.PRIVATE_NOT_FOUND: stands("gone", BAD + "private chat not found", code=400),
    Why.UPGRADED: Scene(
        BAD + "group chat was upgraded to a supergroup chat",
        "sendMessage",
        {"chat_id": GROUP, "text": "x"},
        before=lambda sandbox: sandbox.migrate(GROUP),
    ),
    Why.NO_WRITE_ACCESS: Scene(
        BAD + "have no write access to the chat",
        "editMessageText",
        {"chat_id": GROUP, "message_id": 1, "text": "x"},
        before=lambda sandbox: sandbox.migrate(GROUP),
    ),
    Why.NEED_RIGHTS: Scene(
        BAD + "need administrator rights in the channel chat",
        "sendMessage",
        {"chat_id": OTHER, "text": "x"},
        before=lambda sandbox: sandbox.set_rights(OTHER, {"can_post_messages": False}),
    ),
    Why.NOT_ENOUGH_RIGHTS: Scene(
        BAD + "not enough rights to send text messages to the chat",
        "sendMessage",
        {"chat_id": SUPERGROUP, "text": "x"},
        before=lambda sandbox: sandbox.set_rights(SUPERGROUP, {"can_send_messages": False}),
    ),
    Why.TOPIC_CLOSED: Scene(
        BAD + "TOPIC_CLOSED",
        "sendMessage",
        {"chat_id": SUPERGROUP, "text": "x"},
        before=lambda sandbox: sandbox.forum(SUPERGROUP, closed=True),
    ),
    Why.NO_PIN_RIGHTS: on("pinChatMessage", "not enough rights to manage pinned messages in the chat", "{own}"),
    Why.KICKED: stands("kicked", NO + "bot was kicked from the channel chat", CHANNEL),
    Why.NOT_A_MEMBER: stands("left", NO + "bot is not a member of the supergroup chat", SUPERGROUP),
    Why.GROUP_DELETED: stands("gone", NO + "the group chat was deleted", GROUP),
    Why.BLOCKED: stands("blocked", NO + "bot was blocked by the user"),
    Why.DEACTIVATED: stands("deactivated", NO + "user is deactivated"),
    Why.CANNOT_INITIATE: stands("not_started", NO + "bot can't initiate conversation with a user"),
    Why.IS_A_BOT: stands("is_a_bot", NO + "the bot can't send messages to the bot"),
    Why.NO_ADMINISTRATORS: Scene(
        BAD + "there are no administrators in the private chat", "getChatAdministrators", {"chat_id": PERSON}
    ),
    Why.USER_NOT_FOUND: Scene(BAD + "user not found", "getChatMember", {"chat_id": CHANNEL, "user_id": 5}),
    Why.WRONG_ACTION: Scene(
        BAD + "wrong parameter action in request", "sendChatAction", {"chat_id": PERSON, "action": "singing"}
    ),
    Why.TEXT_EMPTY: Scene(BAD + "message text is empty", "sendMessage", {"chat_id": CHANNEL, "text": ""}),
    Why.TEXT_BLANK: send("text must be non-empty", text=" \n "),
    Why.TEXT_TOO_LONG: send("text is too long", text="a" * 32_769),
    Why.MESSAGE_TOO_LONG: send("message is too long", text="a" * 4097),
    Why.EDIT_TOO_LONG: edit("MESSAGE_TOO_LONG", text="a" * 4097),
    Why.CAPTION_TOO_LONG: Scene(
        BAD + "message caption is too long",
        "sendPhoto",
        {"chat_id": CHANNEL, "photo": "https://a.it/a.jpg", "caption": "a" * 1025},
    ),
    Why.CAPTION_EDIT_TOO_LONG: Scene(
        BAD + "MEDIA_CAPTION_TOO_LONG",
        "editMessageCaption",
        {"chat_id": CHANNEL, "message_id": "{photo}", "caption": "a" * 1025},
    ),
    Why.NOT_UTF8: Scene(BAD + "strings must be encoded in UTF-8", "sendMessage?chat_id=1&text=%ff"),
    Why.PARSE_MODE: send("unsupported parse_mode", parse_mode="BBCode"),
    Why.BAD_ENTITY: send(
        "can't parse MessageEntity: Unsupported type specified", entities=[{"type": "huge", "offset": 0, "length": 1}]
    ),
    Why.MESSAGE_ID_MISSING: Scene(BAD + "message identifier is not specified", "deleteMessage", {"chat_id": CHANNEL}),
    Why.MESSAGE_IDS_MISSING: Scene(
        BAD + "message identifiers are not specified", "deleteMessages", {"chat_id": CHANNEL}
    ),
    Why.MESSAGE_IDS_TOO_MANY: Scene(
        BAD + "too many message identifiers specified",
        "deleteMessages",
        {"chat_id": CHANNEL, "message_ids": list(range(1, 102))},
    ),
    Why.MESSAGE_ID_INVALID: Scene(
        BAD + "invalid message identifier specified", "deleteMessages", {"chat_id": CHANNEL, "message_ids": [0]}
    ),
    Why.PARAMETER_REQUIRED: Scene(
        BAD + 'parameter "from_chat_id" is required', "forwardMessage", {"chat_id": CHANNEL, "message_id": 1}
    ),
    Why.PARAMETER_UNKNOWN: send('unknown parameter "colour"', colour="red"),
    Why.PARAMETER_TYPE: send('parameter "disable_notification" must be of type Boolean', disable_notification="maybe"),
    Why.NOT_MODIFIED: edit(
        "message is not modified: specified new message content and reply markup are exactly the same as a current "
        "content and reply markup of the message",
        text="Ciao",
    ),
    Why.EDIT_NOT_FOUND: edit("message to edit not found", "999"),
    Why.EDIT_FORBIDDEN: edit("message can't be edited", "{human}"),
    Why.EDIT_MEDIA_FORBIDDEN: Scene(
        BAD + "message media can't be edited",
        "editMessageMedia",
        {"chat_id": CHANNEL, "message_id": "{human}", "media": item()},
    ),
    Why.EDIT_NO_TEXT: edit("there is no text in the message to edit", "{photo}"),
    Why.EDIT_NO_CAPTION: Scene(
        BAD + "there is no caption in the message to edit",
        "editMessageCaption",
        {"chat_id": CHANNEL, "message_id": "{own}", "caption": "x"},
    ),
    Why.EDIT_ALBUM_TYPE: Scene(
        BAD + "can't change media type in the album",
        "editMessageMedia",
        {"chat_id": CHANNEL, "message_id": "{album}", "media": item("document", "https://a.it/a.pdf")},
    ),
    Why.EDIT_ONE_OF: edit(
        "exactly one of the parameters text and rich_message must be specified", rich_message={"html": "x"}
    ),
    Why.INLINE_MESSAGE: Scene(BAD + "MESSAGE_ID_INVALID", "editMessageText", {"inline_message_id": "x", "text": "x"}),
    Why.DELETE_NOT_FOUND: on("deleteMessage", "message to delete not found", "999"),
    Why.DELETE_FORBIDDEN: on("deleteMessage", "message can't be deleted", "{own}", two_days_later),
    Why.DELETE_FOR_EVERYONE: on(
        "deleteMessage", "message can't be deleted for everyone", "{private}", two_days_later, PERSON
    ),
    Why.PIN_NOT_FOUND: on("pinChatMessage", "message to pin not found", "999"),
    Why.PIN_SERVICE: on(
        "pinChatMessage",
        "service messages can't be pinned",
        "1",
        lambda sandbox: sandbox.set_rights(CHANNEL, {"can_edit_messages": True}),
    ),
    Why.PIN_NOT_CHANGED: on(
        "unpinChatMessage",
        "CHAT_NOT_MODIFIED",
        "{own}",
        lambda sandbox: sandbox.set_rights(CHANNEL, {"can_edit_messages": True}),
    ),
    Why.UNPIN_NOT_FOUND: Scene(BAD + "message to unpin not found", "unpinChatMessage", {"chat_id": CHANNEL}),
    Why.REPLY_NOT_FOUND: send("message to be replied not found", reply_parameters={"message_id": 999}),
    Why.THREAD_NOT_FOUND: send("message thread not found", chat_id=PERSON, message_thread_id=7),
    Why.FORWARD_NOT_FOUND: again("forwardMessage", "message to forward not found", "999"),
    Why.FORWARD_FORBIDDEN: again("forwardMessage", "the message can't be forwarded", "1"),
    Why.FORWARD_PROTECTED: again(
        "forwardMessage", "message has protected content and can't be forwarded", "{protected}"
    ),
    Why.COPY_NOT_FOUND: again("copyMessage", "message to copy not found", "999"),
    Why.COPY_FORBIDDEN: again("copyMessage", "the message can't be copied", "1"),
    Why.NO_PHOTO: Scene(BAD + "there is no photo in the request", "sendPhoto", {"chat_id": CHANNEL}),
    Why.NO_DOCUMENT: Scene(
        BAD + "there is no document in the request", "sendDocument", {"chat_id": CHANNEL, "document": "attach://none"}
    ),
    Why.BAD_MEDIA: album("can't parse InputMedia: media not found", item(), item(media="attach://none")),
    Why.ALBUM_SIZE: album("too many messages to send as an album", *[item()] * 11),
    Why.ALBUM_TOO_SMALL: album("MULTI_MEDIA_TOO_SHORT", item()),
    Why.ALBUM_EMPTY: album("there are no messages to send"),
    Why.ALBUM_MIXED: album("document can't be mixed with other media types", item(), item("document")),
    Why.ALBUM_CAPTIONS: album(
        "parameter show_caption_above_media must be the same for all messages",
        item(),
        item(show_caption_above_media=True),
    ),
    Why.FILE_EMPTY: photo("file must be non-empty", "a.png", b""),
    Why.FILE_TOO_BIG: photo(
        "file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes",
        "a.png",
        b"x" * 10_485_761,
    ),
    Why.FILE_WRONG: Scene(
        BAD + "wrong file identifier/HTTP URL specified", "sendPhoto", {"chat_id": CHANNEL, "photo": "abc"}
    ),
    Why.FILE_KIND: Scene(
        BAD + "can't use file of type Photo as Document",
        "sendDocument",
        {"chat_id": CHANNEL, "document": "sandbox-photo-1"},
    ),
    Why.URL_WRONG: Scene(BAD + "wrong HTTP URL specified", "sendPhoto", {"chat_id": CHANNEL, "photo": "http://host/"}),
    Why.URL_FAILED: Scene(
        BAD + "failed to get HTTP URL content", "sendPhoto", {"chat_id": CHANNEL, "photo": "http://10.0.0.1/a.png"}
    ),
    Why.URL_TYPE: Scene(
        BAD + "wrong type of the web page content", "sendPhoto", {"chat_id": CHANNEL, "photo": "https://a.it/a.pdf"}
    ),
    Why.PHOTO_DIMENSIONS: photo("PHOTO_INVALID_DIMENSIONS", "a.png", picture(2100, 100)),
    Why.PHOTO_BROKEN: photo("IMAGE_PROCESS_FAILED", "a.png", b"no picture"),
    Why.PHOTO_EXTENSION: photo(
        "photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, .tif or .bmp", "a.pdf", picture(9, 9)
    ),
    Why.MARKUP_NOT_INLINE: send("inline keyboard expected", reply_markup={"force_reply": True}),
    Why.MARKUP_BAD_BUTTON: send(
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        reply_markup={"inline_keyboard": [[{"text": "x"}]]},
    ),
    Why.BUTTON_TEXT_EMPTY: send(
        "inline keyboard button text must be non-empty",
        reply_markup={"inline_keyboard": [[{"text": " ", "url": "https://a.it"}]]},
    ),
    Why.BUTTON_URL: send(
        "inline keyboard button URL 'ftp://a.it' is invalid: Unsupported URL protocol",
        reply_markup={"inline_keyboard": [[{"text": "x", "url": "ftp://a.it"}]]},
    ),
    Why.BUTTON_DATA: send(
        "BUTTON_DATA_INVALID", reply_markup={"inline_keyboard": [[{"text": "x", "callback_data": "a" * 65}]]}
    ),
    Why.MARKUP_TOO_LONG: send(
        "reply markup is too long", reply_markup={"inline_keyboard": A_BUTTON["inline_keyboard"] * 300}
    ),
    Why.NO_BUSINESS: send("business connection not found", business_connection_id="x"),
    Why.NO_STARS: send("BALANCE_TOO_LOW", allow_paid_broadcast=True),
    Why.NO_RICH: Scene(
        BAD + "rich messages are parsed by Telegram only; the sandbox has none",
        "editMessageText",
        {"chat_id": CHANNEL, "message_id": 1, "rich_message": {"html": "x"}},
    ),
    Why.NOT_IN_SANDBOX: send('parameter "message_effect_id" is beyond this sandbox', message_effect_id="1"),
    Why.METHOD_NOT_FOUND: Scene("Not Found: method not found", "sendFlowers", code=404),
}

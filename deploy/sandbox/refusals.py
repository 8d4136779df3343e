# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Telegram says when it refuses: an oracle of its own, shared with no production code."""

from enum import StrEnum
from typing import Any

PREFIXES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    421: "Misdirected Request",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


class Why(StrEnum):
    """The sentences the sandbox itself can say, in the words of Telegram's published servers."""

    CHAT_ID_EMPTY = "chat_id is empty"
    CHAT_ID_MISSING = "Chat identifier is not specified"
    CHAT_NOT_FOUND = "chat not found"
    TOPIC_CLOSED = "TOPIC_CLOSED"
    PRIVATE_NOT_FOUND = "private chat not found"
    UPGRADED = "group chat was upgraded to a supergroup chat"
    NO_WRITE_ACCESS = "Have no write access to the chat"
    NEED_RIGHTS = "Need administrator rights in the channel chat"
    NOT_ENOUGH_RIGHTS = "Not enough rights to send {what} to the chat"
    NO_PIN_RIGHTS = "Not enough rights to manage pinned messages in the chat"
    KICKED = "bot was kicked from the {kind} chat"
    NOT_A_MEMBER = "bot is not a member of the {kind} chat"
    GROUP_DELETED = "the group chat was deleted"
    BLOCKED = "bot was blocked by the user"
    DEACTIVATED = "user is deactivated"
    CANNOT_INITIATE = "bot can't initiate conversation with a user"
    IS_A_BOT = "the bot can't send messages to the bot"
    NO_ADMINISTRATORS = "there are no administrators in the private chat"
    USER_NOT_FOUND = "user not found"

    WRONG_ACTION = "Wrong parameter action in request"
    TEXT_EMPTY = "Message text is empty"
    TEXT_BLANK = "Text must be non-empty"
    TEXT_TOO_LONG = "Text is too long"
    MESSAGE_TOO_LONG = "Message is too long"
    EDIT_TOO_LONG = "MESSAGE_TOO_LONG"
    CAPTION_TOO_LONG = "Message caption is too long"
    CAPTION_EDIT_TOO_LONG = "MEDIA_CAPTION_TOO_LONG"
    NOT_UTF8 = "Strings must be encoded in UTF-8"
    PARSE_MODE = "Unsupported parse_mode"
    BAD_ENTITY = "Can't parse MessageEntity: {reason}"

    MESSAGE_ID_MISSING = "Message identifier is not specified"
    MESSAGE_IDS_MISSING = "Message identifiers are not specified"
    MESSAGE_IDS_TOO_MANY = "Too many message identifiers specified"
    MESSAGE_ID_INVALID = "Invalid message identifier specified"
    PARAMETER_REQUIRED = 'Parameter "{name}" is required'
    PARAMETER_UNKNOWN = 'unknown parameter "{name}"'
    PARAMETER_TYPE = 'Parameter "{name}" must be of type {type}'

    NOT_MODIFIED = (
        "message is not modified: specified new message content and reply markup are exactly the same as a current "
        "content and reply markup of the message"
    )
    EDIT_NOT_FOUND = "message to edit not found"
    EDIT_FORBIDDEN = "Message can't be edited"
    EDIT_MEDIA_FORBIDDEN = "Message media can't be edited"
    EDIT_NO_TEXT = "There is no text in the message to edit"
    EDIT_NO_CAPTION = "There is no caption in the message to edit"
    EDIT_ALBUM_TYPE = "Can't change media type in the album"
    EDIT_ONE_OF = "exactly one of the parameters text and rich_message must be specified"
    INLINE_MESSAGE = "MESSAGE_ID_INVALID"
    DELETE_NOT_FOUND = "message to delete not found"
    DELETE_FORBIDDEN = "Message can't be deleted"
    DELETE_FOR_EVERYONE = "Message can't be deleted for everyone"
    PIN_NOT_FOUND = "message to pin not found"
    PIN_SERVICE = "Service messages can't be pinned"
    PIN_NOT_CHANGED = "CHAT_NOT_MODIFIED"
    UNPIN_NOT_FOUND = "message to unpin not found"
    REPLY_NOT_FOUND = "message to be replied not found"
    THREAD_NOT_FOUND = "Message thread not found"
    FORWARD_NOT_FOUND = "message to forward not found"
    FORWARD_FORBIDDEN = "The message can't be forwarded"
    FORWARD_PROTECTED = "Message has protected content and can't be forwarded"
    COPY_NOT_FOUND = "message to copy not found"
    COPY_FORBIDDEN = "The message can't be copied"

    NO_PHOTO = "There is no photo in the request"
    NO_DOCUMENT = "There is no document in the request"
    BAD_MEDIA = "Can't parse InputMedia: {reason}"
    ALBUM_SIZE = "Too many messages to send as an album"
    ALBUM_TOO_SMALL = "MULTI_MEDIA_TOO_SHORT"
    ALBUM_EMPTY = "There are no messages to send"
    ALBUM_MIXED = "{kind} can't be mixed with other media types"
    ALBUM_CAPTIONS = "Parameter show_caption_above_media must be the same for all messages"
    FILE_EMPTY = "File must be non-empty"
    FILE_TOO_BIG = "File of size {size} bytes is too big{reason}; the maximum size is {limit} bytes"
    FILE_WRONG = "Wrong file identifier/HTTP URL specified"
    FILE_KIND = "Can't use file of type {real} as {kind}"
    URL_WRONG = "Wrong HTTP URL specified"
    URL_FAILED = "Failed to get HTTP URL content"
    URL_TYPE = "Wrong type of the web page content"
    PHOTO_DIMENSIONS = "PHOTO_INVALID_DIMENSIONS"
    PHOTO_BROKEN = "IMAGE_PROCESS_FAILED"
    PHOTO_EXTENSION = "Photo has unsupported extension. Use one of .jpg, .jpeg, .gif, .png, .tif or .bmp"

    MARKUP_NOT_INLINE = "Inline keyboard expected"
    MARKUP_BAD_BUTTON = "Can't parse inline keyboard button: {reason}"
    BUTTON_TEXT_EMPTY = "Inline keyboard button text must be non-empty"
    BUTTON_URL = "Inline keyboard button {problem}"
    BUTTON_DATA = "BUTTON_DATA_INVALID"
    MARKUP_TOO_LONG = "reply markup is too long"
    NO_BUSINESS = "business connection not found"
    NO_STARS = "BALANCE_TOO_LOW"
    NO_RICH = "rich messages are parsed by Telegram only; the sandbox has none"
    NOT_IN_SANDBOX = 'parameter "{name}" is beyond this sandbox'

    TOKEN_MALFORMED = "invalid token specified"  # noqa: S105 (a sentence)
    TOKEN_UNALLOWED = "unallowed token specified"  # noqa: S105
    TOKEN_UNKNOWN = ""
    METHOD_NOT_FOUND = "method not found"
    OTHER_GET_UPDATES = "terminated by other getUpdates request; make sure that only one bot instance is running"


class RefusedError(Exception):
    """Telegram says no: the code, the description as it goes over the wire, and its parameters."""

    def __init__(self, code: int, message: str, **parameters: Any) -> None:
        self.code = code
        self.description = worded(code, message)
        self.parameters = parameters
        super().__init__(self.description)


def worded(code: int, message: str) -> str:
    """Put the code's word before a message and lower its first letter, except before capitals and underscores."""
    prefix = PREFIXES.get(code, "Bad Request")
    if not message or message == prefix:
        return prefix
    if len(message) > 1 and (message[1] == "_" or "A" <= message[1] <= "Z"):
        return f"{prefix}: {message}"
    return f"{prefix}: {message[0].lower()}{message[1:]}"


def bad_request(message: str, **fields: Any) -> RefusedError:
    return RefusedError(400, message.format(**fields) if fields else message)


def forbidden(message: str, **fields: Any) -> RefusedError:
    return RefusedError(403, message.format(**fields) if fields else message)


def too_many_requests(retry_after: int | None) -> RefusedError:
    if retry_after is None:
        return RefusedError(429, "")
    return RefusedError(429, f"retry after {retry_after}", retry_after=retry_after)

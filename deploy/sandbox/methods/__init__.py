# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The methods of the Bot API that the sandbox knows, by their name in lower case."""

from collections.abc import Callable

from deploy.sandbox.methods.call import Call, Done
from deploy.sandbox.methods.deleting import delete_message, delete_messages
from deploy.sandbox.methods.editing import edit_caption, edit_markup, edit_media, edit_text
from deploy.sandbox.methods.forwarding import copy_message, forward_message
from deploy.sandbox.methods.pinning import pin_message, unpin_message
from deploy.sandbox.methods.reading import delete_webhook, get_administrators, get_chat, get_me, get_member
from deploy.sandbox.methods.sending import send_chat_action, send_document, send_media_group, send_message, send_photo
from deploy.sandbox.world import World

DO: dict[str, Callable[[World, Call], Done]] = {
    "getme": get_me,
    "getchat": get_chat,
    "getchatmember": get_member,
    "getchatadministrators": get_administrators,
    "deletewebhook": delete_webhook,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
    "sendmediagroup": send_media_group,
    "sendchataction": send_chat_action,
    "editmessagetext": edit_text,
    "editmessagecaption": edit_caption,
    "editmessagemedia": edit_media,
    "editmessagereplymarkup": edit_markup,
    "deletemessage": delete_message,
    "deletemessages": delete_messages,
    "forwardmessage": forward_message,
    "copymessage": copy_message,
    "pinchatmessage": pin_message,
    "unpinchatmessage": unpin_message,
}

__all__ = ["DO", "Call", "Done"]

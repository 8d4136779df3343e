# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The calls we make, from a part's payload: text and entities, which Telegram never has to parse, and media."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from aiogram.methods import (
    DeleteMessage,
    DeleteMessages,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageText,
    SendDocument,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    MessageEntity,
    ReplyParameters,
)

from workers.telegram.session import Ready, ready

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
PHOTO = "photo"
SUFFIX = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"%PDF-": ".pdf"}
File = str | BufferedInputFile
"""A file of Telegram's by its id, or bytes to upload."""
Options = Mapping[str, Any]


def read_payload(payload: str) -> tuple[str, list[MessageEntity], list[tuple[str, str]]]:
    """Give text, entities and media (kind, href) of a part."""
    members = json.loads(payload)
    entities = [
        MessageEntity(type=row["kind"], offset=row["offset"], length=row["length"], url=row["url"])
        for row in members["entities"]
    ]
    return members["text"], entities, [(kind, href) for kind, href in members.get("media", [])]


def post(
    address: str, payload: str, files: Sequence[File], *, silent: bool, replies_to: str | None = None
) -> TelegramMethod[Any] | Ready:
    """Make the call that posts a part; `files` are its media, in order."""
    if not wants_files(payload, editing=False):
        name, said = _text_to_anybody(payload, silent=silent, replies_to=replies_to)
        return Ready(name, b'{"chat_id":%b,%b' % (json.dumps(address).encode(), said))
    text, entities, media = read_payload(payload)
    options = {"disable_notification": silent, **reply_to(replies_to)}
    caption: dict[str, Any] = {"caption": text, "caption_entities": entities, "parse_mode": None} if text else {}
    if len(media) > 1:
        items: list[Any] = [_item(kind, file, {}) for (kind, _), file in zip(media, files, strict=True)]
        items[0] = _item(media[0][0], files[0], caption)
        return SendMediaGroup(chat_id=address, media=items, **options)
    if media[0][0] == PHOTO:
        return SendPhoto(chat_id=address, photo=files[0], **caption, **options)
    return SendDocument(chat_id=address, document=files[0], **caption, **options)


@lru_cache(maxsize=64)
def _text_to_anybody(payload: str, *, silent: bool, replies_to: str | None) -> tuple[str, bytes]:
    """Say all of a text post but where it goes, and not the opening brace: once for a bulk to many chats."""
    text, entities, _ = read_payload(payload)
    options: dict[str, Any] = {"disable_notification": silent, **reply_to(replies_to)}
    method = SendMessage(chat_id="", text=text, entities=entities, link_preview_options=NO_PREVIEW, **options)
    said = ready(method, without={"chat_id"})
    return said.name, said.body.removeprefix(b"{")


def edit(address: str, reference: str, payload: str, files: Sequence[File] = ()) -> TelegramMethod[Any]:
    """Make the call that gives a post this content: a text, a caption, or one medium exchanged."""
    where: dict[str, Any] = {"chat_id": address, "message_id": int(reference)}
    text, entities, media = read_payload(payload)
    if is_text(payload):
        return EditMessageText(**where, text=text, entities=entities, parse_mode=None, link_preview_options=NO_PREVIEW)
    caption: dict[str, Any] = {"caption": text, "caption_entities": entities, "parse_mode": None}
    if files:
        return EditMessageMedia(**where, media=_item(media[0][0], files[0], caption))
    return EditMessageCaption(**where, **caption)


def delete(address: str, references: Sequence[str]) -> TelegramMethod[Any]:
    """Make the call that takes messages away: all of them or none."""
    if len(references) == 1:
        return DeleteMessage(chat_id=address, message_id=int(references[0]))
    return DeleteMessages(chat_id=address, message_ids=[int(reference) for reference in references])


def is_text(payload: str) -> bool:
    members = json.loads(payload)
    return not members.get("media") and not members.get("album")


@lru_cache(maxsize=64)
def wants_files(payload: str, *, editing: bool) -> bool:
    members = json.loads(payload)
    return bool(members.get("media")) and (not editing or members.get("replace", False))


def upload(href: str, content: bytes) -> BufferedInputFile:
    """Name a file for the families who save it, by its address and by what it really is."""
    suffix = next((end for head, end in SUFFIX.items() if content.startswith(head)), "")
    stem = href.rstrip("/").rpartition("/")[2].partition("?")[0].rpartition(".")[0] or "allegato"
    return BufferedInputFile(content, filename=f"{stem[:60]}{suffix}")


def reply_to(reference: str | None) -> dict[str, Any]:
    """Hang a post onto an earlier one; where that is gone, the new one stands alone."""
    if reference is None:
        return {}
    return {"reply_parameters": ReplyParameters(message_id=int(reference), allow_sending_without_reply=True)}


def _item(kind: str, file: File, caption: Options) -> InputMediaPhoto | InputMediaDocument:
    return (InputMediaPhoto if kind == PHOTO else InputMediaDocument)(media=file, **caption)

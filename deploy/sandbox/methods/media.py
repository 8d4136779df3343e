# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Photos, documents and what else a message can carry."""

from collections.abc import Mapping
from typing import Any

from deploy.sandbox.files import File
from deploy.sandbox.methods.call import Call
from deploy.sandbox.refusals import Why, bad_request
from deploy.sandbox.world import World

Media = tuple[str, Any]
KINDS = {"photo": "Photo", "document": "Document", "video": "Video", "audio": "Audio", "animation": "Animation"}
ATTACHED = "attach://"
ALONE = {"document", "audio"}
ALBUM_ITEMS = 10


def media_of(world: World, call: Call, kind: str, value: str) -> Media | None:
    """Find the file that a value means: a part of this request, a file sent before, an address; None if absent."""
    if value.startswith(ATTACHED):
        upload = call.files.get(value.removeprefix(ATTACHED))
        if upload is None:
            return None
        file = world.files.uploaded(KINDS[kind], upload)
    else:
        file = world.files.named(KINDS[kind], value)
    return kind, described(kind, file)


def described(kind: str, file: File) -> Any:
    """Say what a file is in the fields of its kind."""
    answer: dict[str, Any] = {"file_id": file.id, "file_unique_id": f"u-{file.id}", "file_size": file.size}
    if kind == "photo":
        width, height = file.sides or (0, 0)
        return [answer | {"width": width, "height": height}]
    answer |= {"file_name": file.name, "mime_type": file.content_type}
    if kind in {"video", "animation"}:
        answer |= {"width": 0, "height": 0}
    if kind != "document":
        answer |= {"duration": 0}
    return answer


def input_media(world: World, call: Call, item: Mapping[str, Any]) -> Media:
    kind = item["type"]
    if kind not in KINDS:
        raise bad_request(Why.BAD_MEDIA, reason=f'type "{kind}" is unsupported')
    media = media_of(world, call, kind, item["media"])
    if media is None:
        raise bad_request(Why.BAD_MEDIA, reason="media not found")
    return media


def check_album(items: list[Mapping[str, Any]]) -> None:
    """Two to ten; documents and audio only with their own kind; captions all above or all below."""
    if not items:
        raise bad_request(Why.ALBUM_EMPTY)
    if len(items) > ALBUM_ITEMS:
        raise bad_request(Why.ALBUM_SIZE)
    if len(items) == 1:
        raise bad_request(Why.ALBUM_TOO_SMALL)
    if len({item.get("show_caption_above_media", False) for item in items}) > 1:
        raise bad_request(Why.ALBUM_CAPTIONS)
    check_album_kinds({item["type"] for item in items})


def check_album_kinds(kinds: set[str]) -> None:
    alone = sorted(kinds & ALONE)
    if alone and len(kinds) > 1:
        raise bad_request(Why.ALBUM_MIXED, kind=KINDS[alone[0]])

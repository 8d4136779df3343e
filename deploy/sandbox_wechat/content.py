# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Pictures and drafts as WeChat takes them: sizes, types, lengths in characters and in bytes, and what it strips."""

import json
import re
from collections.abc import Mapping
from typing import Any

import nh3

from deploy.sandbox_wechat.account import Account, Article, Upload
from deploy.sandbox_wechat.rules import RefusedError

HEADS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"BM": "image/bmp"}
ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\u([0-9a-fA-F]{4})")
TITLE = re.compile(rb'"title"\s*:\s*"((?:[^"\\]|\\.)*)"')
STYLED = {"*": {"style", "class"}, "a": {"href", "style"}, "img": {"src", "style", "alt", "data-src"}}
NO_SOURCE = re.compile(r"<img(?![^>]*\bsrc=)[^>]*>")
TAGS = nh3.ALLOWED_TAGS | {"section"}


def read_json(raw: bytes) -> dict[str, Any]:
    """Read a body as the platform does: an escape such as backslash u4e2d is no character, it stays as it was typed."""
    try:
        read = json.loads(ESCAPE.sub(rb"\1\\\\u\2", raw).decode())
    except ValueError:
        raise RefusedError(47001) from None
    if not isinstance(read, dict):
        raise RefusedError(47001)
    return read


def type_of(content: bytes) -> str:
    for head, name in HEADS.items():
        if content.startswith(head):
            return name
    raise RefusedError(40005)


def body_image(account: Account, content: bytes) -> Upload:
    """Take a picture for the inside of an article: PNG or JPEG below a megabyte."""
    if type_of(content) not in ("image/png", "image/jpeg"):
        raise RefusedError(40005)
    if len(content) >= account.rules.body_image_bytes:
        raise RefusedError(40009)
    return kept(account, content, "body", permanent=True)


def material(account: Account, content: bytes, sort: str, *, permanent: bool) -> Upload:
    """Take an image, or a thumbnail (JPEG, small), for the library or for three days."""
    if sort not in ("image", "thumb"):
        raise RefusedError(40004)
    if sort == "thumb" and type_of(content) != "image/jpeg":
        raise RefusedError(40005)
    type_of(content)
    most = account.rules.thumb_bytes if sort == "thumb" else account.rules.image_bytes
    if len(content) > most:
        raise RefusedError(40006 if sort == "image" else 45001)
    return kept(account, content, sort, permanent=permanent)


def kept(account: Account, content: bytes, sort: str, *, permanent: bool) -> Upload:
    upload = Upload(account.new_name("m"), content, type_of(content), account.now(), permanent, sort)
    account.uploads[upload.id] = upload
    return upload


def draft(account: Account, raw: bytes, own_images: str) -> list[Article]:
    """Check the articles of a draft; `own_images` is how the addresses of uploaded pictures begin."""
    rows = read_json(raw).get("articles")
    if not isinstance(rows, list) or not rows:
        raise RefusedError(44003)
    if len(rows) > account.rules.articles:
        raise RefusedError(45008)
    titles = TITLE.findall(raw)
    return [
        article(account, row, titles[number] if number < len(titles) else b"", own_images)
        for number, row in enumerate(rows)
    ]


def article(account: Account, row: Mapping[str, Any], raw_title: bytes, own_images: str) -> Article:
    if not isinstance(row, dict):
        raise RefusedError(47001)
    text = {name: row.get(name, "") for name in ("title", "author", "digest", "content", "content_source_url")}
    if not all(isinstance(value, str) for value in text.values()) or not text["content"] or not text["title"]:
        raise RefusedError(47001)
    check_lengths(account, text)
    thumb = str(row.get("thumb_media_id", ""))
    picture = account.uploads.get(thumb)
    if picture is None or not picture.permanent or picture.sort == "body":
        raise RefusedError(40007)
    content = cleaned(text.pop("content"), own_images)
    return Article(**text, content=content, thumb=thumb, raw_title=raw_title)


def check_lengths(account: Account, text: Mapping[str, str]) -> None:
    rules = account.rules
    characters = [("title", rules.title, 45003), ("author", rules.author, 45110), ("digest", rules.digest, 45004)]
    for name, most, errcode in characters:
        if len(text[name]) > most:
            raise RefusedError(errcode)
    content = text["content"]
    if len(content) >= rules.content or len(content.encode()) >= rules.content_bytes:
        raise RefusedError(45002)
    if len(text["content_source_url"].encode()) > rules.source_url_bytes:
        raise RefusedError(45005)


def cleaned(content: str, own_images: str) -> str:
    """Strip scripts and every picture that was not uploaded before."""

    def filtered(tag: str, name: str, value: str) -> str | None:
        return None if tag == "img" and name == "src" and not value.startswith(own_images) else value

    safe = nh3.clean(
        content,
        tags=TAGS,
        attributes=STYLED,
        attribute_filter=filtered,
        link_rel=None,
        clean_content_tags={"script", "style", "iframe"},
    )
    return NO_SOURCE.sub("", safe)

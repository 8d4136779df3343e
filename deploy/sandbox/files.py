# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Files handed in, by upload or by URL, and the identifiers they get."""

import ipaddress
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from deploy.sandbox.pictures import size_of
from deploy.sandbox.refusals import Why, bad_request

MEGABYTE = 1 << 20
PHOTO_BYTES = 10 * MEGABYTE
FILE_BYTES = 50 * MEGABYTE
PHOTO_SIDES = 10_000
PHOTO_RATIO = 20
UNREACHABLE = (".invalid", ".localhost", ".local", ".test", ".internal")
PHOTO_NAMES = {".jpg", ".jpeg", ".gif", ".png", ".tif", ".tiff", ".bmp", ".webp", ""}
FETCHED_NAMES = {"Photo": PHOTO_NAMES, "Document": {".pdf", ".zip", ".gif"}}
FETCHED_SIDES = (1280, 960)


@dataclass(frozen=True, slots=True)
class Upload:
    """One part of a multipart request."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class File:
    id: str
    kind: str
    name: str
    size: int
    content_type: str = "application/octet-stream"
    sides: tuple[int, int] | None = None


class Files:
    """The files that can be sent again by their identifier."""

    def __init__(self) -> None:
        self.kept: dict[str, File] = {}

    def keep(self, kind: str, name: str, size: int, content_type: str, sides: tuple[int, int] | None) -> File:
        file = File(f"sandbox-{kind.lower()}-{len(self.kept) + 1}", kind, name, size, content_type, sides)
        self.kept[file.id] = file
        return file

    def uploaded(self, kind: str, upload: Upload) -> File:
        """Check an upload as the server does: empty, too big, not a picture."""
        size = len(upload.data)
        if not size:
            raise bad_request(Why.FILE_EMPTY)
        if size > FILE_BYTES:
            raise bad_request(Why.FILE_TOO_BIG, size=size, reason="", limit=FILE_BYTES)
        if kind == "Photo" and size > PHOTO_BYTES:
            raise bad_request(Why.FILE_TOO_BIG, size=size, reason=" for a photo", limit=PHOTO_BYTES)
        sides = checked_photo(upload) if kind == "Photo" else None
        return self.keep(kind, upload.name, size, upload.content_type, sides)

    def named(self, kind: str, value: str) -> File:
        """Find a file that was sent before, or pretend to fetch an address; nothing is really fetched."""
        file = self.kept.get(value)
        if file is None:
            return self.fetched(kind, value)
        if file.kind != kind:
            raise bad_request(Why.FILE_KIND, real=file.kind, kind=kind)
        return file

    def fetched(self, kind: str, url: str) -> File:
        try:
            parts = urlsplit(url)
        except ValueError:
            raise bad_request(Why.URL_WRONG) from None
        if parts.scheme not in {"http", "https"}:
            raise bad_request(Why.FILE_WRONG)
        host = parts.hostname or ""
        if "." not in host and ":" not in host:
            raise bad_request(Why.URL_WRONG)
        if not is_public(host):
            raise bad_request(Why.URL_FAILED)
        path = PurePosixPath(parts.path)
        if path.suffix.lower() not in FETCHED_NAMES.get(kind, {path.suffix.lower()}):
            raise bad_request(Why.URL_TYPE)
        sides = FETCHED_SIDES if kind == "Photo" else None
        return self.keep(kind, path.name or "file", 1000, "application/octet-stream", sides)


def is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return not host.endswith(UNREACHABLE)


def checked_photo(upload: Upload) -> tuple[int, int]:
    if PurePosixPath(upload.name).suffix.lower() not in PHOTO_NAMES:
        raise bad_request(Why.PHOTO_EXTENSION)
    sides = size_of(upload.data)
    if sides is None:
        raise bad_request(Why.PHOTO_BROKEN)
    if not min(sides) or sum(sides) > PHOTO_SIDES or max(sides) > PHOTO_RATIO * min(sides):
        raise bad_request(Why.PHOTO_DIMENSIONS)
    return sides

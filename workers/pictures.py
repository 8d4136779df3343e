# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Width and height of a picture, told by its first bytes: nothing of it is decoded."""

import re
import struct
from collections.abc import Callable

Sides = tuple[int, int]
MARK = re.compile(rb"\xff++(.)", re.DOTALL)
"""Any number of bytes may fill the space before a mark."""
SEGMENTS = 1000
"""To be looked at before the picture begins: of a real one a few, and 160 where megabytes of notes stand before it."""
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Segments of a JPEG that begin a picture."""
ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Marks without a segment."""
SUM, RATIO = 10_000, 20
"""Of the sides of what people are shown as a photo; Telegram refuses anything beyond (reference/telegram.md, 3)."""


def is_a_photo(sides: Sides) -> bool:
    """Tell what can be shown as a photo from what can only be handed over as a file."""
    return sum(sides) <= SUM and max(sides) <= RATIO * min(sides)


def sides_of(content: bytes) -> Sides | None:
    """Give width and height of a PNG or JPEG; None where they cannot be read."""
    for head, read in KINDS.items():
        if content.startswith(head):
            try:
                sides = read(content)
            except (struct.error, IndexError):
                return None
            return sides if sides is not None and min(sides) > 0 else None
    return None


def _png(content: bytes) -> Sides | None:
    width, height = struct.unpack_from(">II", content, 16)
    return (width, height) if content[12:16] == b"IHDR" else None


def _jpeg(content: bytes) -> Sides | None:
    """Go from segment to segment until the one that begins the picture."""
    place = 2
    for _ in range(SEGMENTS):
        found = MARK.match(content, place)
        if found is None:
            return None
        mark, place = found[1][0], found.end()
        if mark in FRAMES:
            height, width = struct.unpack_from(">HH", content, place + 3)
            return width, height
        if mark not in ALONE:
            place += max(2, int(struct.unpack_from(">H", content, place)[0]))
    return None


KINDS: dict[bytes, Callable[[bytes], Sides | None]] = {b"\x89PNG\r\n\x1a\n": _png, b"\xff\xd8\xff": _jpeg}

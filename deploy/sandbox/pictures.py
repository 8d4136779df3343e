# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Width and height of a picture, read from its first bytes."""

import struct
from collections.abc import Callable

Sides = tuple[int, int]
SEGMENT = 0xFF
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def size_of(data: bytes) -> Sides | None:
    """Give width and height of a PNG, GIF, BMP, WebP or JPEG; None for anything else."""
    for beginning, sides in KINDS.items():
        if data.startswith(beginning):
            try:
                return sides(data)
            except (struct.error, IndexError):
                return None
    return None


def unpacked(form: str, data: bytes, offset: int) -> Sides:
    width, height = struct.unpack_from(form, data, offset)
    return abs(width), abs(height)


def webp(data: bytes) -> Sides | None:
    match data[12:16]:
        case b"VP8X":
            width = int.from_bytes(data[24:27], "little") + 1
            return width, int.from_bytes(data[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = unpacked("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
    return None


def jpeg(data: bytes) -> Sides | None:
    """Walk from segment to segment until the one that describes the frame."""
    place = 2
    while place + 9 < len(data) and data[place] == SEGMENT:
        if data[place + 1] in FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    return None


KINDS: dict[bytes, Callable[[bytes], Sides | None]] = {
    b"\x89PNG\r\n\x1a\n": lambda data: unpacked(">II", data, 16),
    b"GIF87a": lambda data: unpacked("<HH", data, 6),
    b"GIF89a": lambda data: unpacked("<HH", data, 6),
    b"BM": lambda data: unpacked("<ii", data, 18),
    b"RIFF": webp,
    b"\xff\xd8": jpeg,
}

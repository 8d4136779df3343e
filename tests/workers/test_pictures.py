# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is a picture that can be shown is told by its head, whatever a server calls it and whatever it leaves out."""

import time
from struct import pack

import pytest

from app.outgoing import FetchError
from tests.workers.test_media import PDF, png
from workers.media import MOST, kind_of

SOON = 0.05
"""Seconds of the processor: the event loop does nothing else meanwhile."""
EXIF = b"\xff\xe1" + pack(">H", 10) + bytes(8)


def jpeg(width: int, height: int, frame: int = 0xC0) -> bytes:
    return b"\xff\xd8" + EXIF + b"\xff" * 3 + bytes([frame]) + pack(">HBHH", 17, 8, height, width) + bytes(20)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (png(4, 4), "photo"),
        (jpeg(4000, 6000), "photo"),
        (jpeg(4000, 6001), "document"),
        (jpeg(8160, 6120, frame=0xC2), "document"),
        (jpeg(20, 400), "photo"),
        (jpeg(401, 20), "document"),
        (PDF, "document"),
    ],
)
def test_what_no_photo_may_be_is_handed_over_as_a_document(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"GIF89a" + bytes(20),
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        b"\xff\xd8\xff",
        b"\xff\xd8" + EXIF,
        b"\xff\xd8" + b"\xff" * 100,
        b"\xff\xd8" + EXIF + b"\xff\xda" + bytes(1000),
        jpeg(0, 10),
    ],
)
def test_what_has_no_sides_is_no_picture(content: bytes) -> None:
    with pytest.raises(FetchError):
        kind_of(content)


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\x01", b"\xff\xd0", b"\xff\xff\xd0", EXIF])
def test_what_goes_on_for_megabytes_before_the_picture_begins_is_looked_at_no_longer_than_a_picture(
    filling: bytes,
) -> None:
    assert min(duration(b"\xff\xd8\xff\x01" + filling * (MOST // len(filling))) for _ in range(3)) < SOON


def duration(content: bytes) -> float:
    started = time.thread_time()
    with pytest.raises(FetchError):
        kind_of(content)
    return time.thread_time() - started


def test_a_picture_that_begins_after_a_thousand_segments_is_none() -> None:
    few, many = (b"\xff\xd8" + EXIF * times + jpeg(40, 30)[2:] for times in (900, 1000))

    assert kind_of(few) == "photo"
    with pytest.raises(FetchError):
        kind_of(many)

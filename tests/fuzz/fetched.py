# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What comes back from the addresses of attachments: pictures and documents, and what only begins like them."""

import random

from tests.fuzz.bending import mixed
from tests.fuzz.fuzzing import Target
from tests.workers.test_media import PDF, png
from tests.workers.test_pictures import EXIF, jpeg
from workers.media import MOST, kind_of

GOOD = [png(), jpeg(40, 30), jpeg(9000, 20, frame=0xC2), PDF]
BEGINNINGS = [b"\xff\xd8\xff", b"\xff\xd8" + EXIF, b"\x89PNG\r\n\x1a\n", b"%PDF-"]
PATTERNS = [b"\xff", b"\xff\x01", b"\xff\xd0", b"\xff\xff\x01", EXIF, b"\xff\xe1\x00\x02", b"\xff\xe1\xff\xff", b"\x00"]
HUGE = 0.005
"""How many are as large as an attachment may be: most of what they cost is that they are made."""


def _content(dice: random.Random) -> bytes:
    if dice.random() < 0.7:
        return mixed(dice.choice(GOOD), GOOD, dice)
    pattern = dice.choice(PATTERNS) if dice.random() < 0.8 else dice.randbytes(dice.randrange(1, 9))
    times = MOST // len(pattern) if dice.random() < HUGE else dice.randrange(3000)
    return b"".join([dice.choice(BEGINNINGS), pattern * times, dice.choice([b"", *GOOD])])


FETCHED = [Target("files", _content, kind_of, frozenset({200, 422}))]

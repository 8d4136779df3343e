# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The short visible code of a notice, so that a post can be told from every other by its content alone."""

import hashlib
from uuid import UUID

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capitals without those that are mistaken for one another."""


def visible_code(notice: UUID) -> str:
    """Give a code such as AV-7F3KQ; no # before it, since Telegram would cut a hashtag at the hyphen."""
    number = int.from_bytes(hashlib.sha256(notice.bytes).digest()[:8], "big")
    letters = ""
    for _ in range(5):
        number, rest = divmod(number, len(ALPHABET))
        letters += ALPHABET[rest]
    return f"AV-{letters}"

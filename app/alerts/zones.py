# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The zones that an installation tells of: what the authorities call them, and what its channels call them."""

from app.domain.markup import checked_plain_text

LONGEST = 120


def zones_of(text: str) -> dict[str, str]:
    """Read "Bisenzio e Ombrone Pistoiese=bisenzio; Valdarno Inferiore"; ValueError says what is wrong.

    A zone without = is called the same by both.
    """
    found: dict[str, str] = {}
    for each in filter(None, (part.strip() for part in text.split(";"))):
        theirs, _, ours = each.partition("=")
        name, area = (" ".join(checked_plain_text(side).split()) for side in (theirs, ours or theirs))
        if name in found:
            raise ValueError("names a zone twice")
        if max(len(name), len(area)) > LONGEST:
            raise ValueError(f"names a zone with more than {LONGEST} characters")
        found[name] = area
    return found

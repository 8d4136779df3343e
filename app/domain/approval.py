# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which texts of a notice a person must have approved before they go out, and which of them are."""

import hashlib
from collections.abc import Collection
from datetime import timedelta

import rfc8785

from app.domain.notice import Notice, Text

SECOND_PERSON = "second-person"
"""What the deliveries of an urgent broadcast wait for, instead of a language."""
TOMORROW = "tomorrow"
"""What they wait for where the channel has been told enough today."""
LOOKS_AGAIN = timedelta(minutes=15)
"""How long a delivery rests that waits for an approval, which calls it back at once; it holds up nobody meanwhile."""


def text_digest(text: Text) -> str:
    """Tell two texts apart: an approval is of one text, and is kept by a revision that leaves it as it is."""
    return hashlib.sha256(rfc8785.dumps(text.model_dump(mode="json"))).hexdigest()


def mark(language: str, text: Text) -> str:
    """Name a text of a notice: its language and its digest."""
    return f"{language} {text_digest(text)}"


def is_guarded(language: str, guarded: Collection[str]) -> bool:
    """Tell whether texts in a language need an approval; `zh` guards every variety of it."""
    return language in guarded or language.partition("-")[0] in guarded


def unapproved(notice: Notice, guarded: Collection[str], approved: Collection[str]) -> frozenset[str]:
    """Name the languages of the texts that need an approval and have none; `approved` holds marks."""
    needing = ((tag, text) for tag, text in notice.texts.items() if is_guarded(tag, guarded))
    return frozenset(tag for tag, text in needing if mark(tag, text) not in approved)

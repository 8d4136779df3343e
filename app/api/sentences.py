# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The sentences that complaints are made of, in the languages of the house: the code says them in English."""

import re
from pathlib import Path

import yaml

from app.api.problem_types import TYPES

PLACE = "{}"
"""Stands in a sentence where something is put in."""
AT = re.compile(r"(#\S*): (.+)", re.DOTALL)
CHOICE = re.compile(r"' or '")


def _read() -> dict[str, str]:
    known: dict[str, str] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return known


WRITTEN = _read()
"""English to Italian."""
ITALIAN = {kind.words["en"].meaning: kind.words["it"].meaning for kind in TYPES.values()} | WRITTEN
"""With what the types of problem mean."""
_FORMS = [
    (english.partition(PLACE)[0], re.compile("(.*)".join(map(re.escape, english.split(PLACE))), re.DOTALL), english)
    for english in sorted((each for each in ITALIAN if PLACE in each), key=lambda each: (-len(each), each))
]
"""The sentences with places, the longest first, so that the one that says most of what is said is found."""


def said_in(language: str, english: str) -> str | None:
    """Say a sentence in a language; None where it is not known there."""
    return english if language == "en" else _italian(english)


def _italian(english: str) -> str | None:
    if english in ITALIAN:
        return ITALIAN[english]
    pointed = AT.fullmatch(english)
    if pointed:
        rest = _italian(pointed[2])
        return rest and f"{pointed[1]}: {rest}"
    for beginning, form, key in _FORMS:
        found = form.fullmatch(english) if english.startswith(beginning) else None
        if found:
            return ITALIAN[key].format(*(_put_in(part) for part in found.groups()))
    return None


def _put_in(part: str) -> str:
    """Say what was put in, where it is a sentence itself; a list of words only has its last comma changed."""
    return _italian(part) or CHOICE.sub("' o '", part)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which of the languages of the house a caller reads best (RFC 9110, Accept-Language)."""

from collections.abc import Sequence

from starlette.types import Scope

from app.api.problem_types import LANGUAGES

MOST = 20
"""Wishes that are looked at; nobody speaks more."""
REFUSED = -1.0


def language_of(scope: Scope) -> str:
    """Choose the language; the first of the house where the caller asks for none of them."""
    given = [value for name, value in scope.get("headers", ()) if name == b"accept-language"]
    if not given:
        return LANGUAGES[0]
    wishes = b",".join(given).decode("latin-1").split(",")[:MOST]
    ranges = [_range(wish) for wish in wishes]
    return max(LANGUAGES, key=lambda language: _weight(ranges, language))


def _weight(ranges: Sequence[tuple[str, float]], language: str) -> float:
    """Give the weight of a language: its own, or that of all others; one that is refused is less than one unnamed."""
    for named in (language, "*"):
        weights = [weight for name, weight in ranges if name == named]
        if weights:
            return max(weights) or REFUSED
    return 0.0


def _range(wish: str) -> tuple[str, float]:
    """Give the language and the weight of a range such as it-IT;q=0.8."""
    named, _, parameter = wish.strip().partition(";")
    language = named.strip().partition("-")[0].lower()
    name, _, weight = parameter.strip().partition("=")
    if not name:
        return language, 1.0
    return language, float(weight) if weight.replace(".", "", 1).isdecimal() and weight.isascii() else 0.0

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which of the languages of the house a caller reads best (RFC 9110, Accept-Language)."""

from starlette.types import Scope

from app.api.problem_types import LANGUAGES

MOST = 20
"""Wishes that are looked at; nobody speaks more."""


def language_of(scope: Scope) -> str:
    """Choose the language; the first of the house where the caller asks for none of them."""
    given = [value for name, value in scope.get("headers", ()) if name == b"accept-language"]
    if not given:
        return LANGUAGES[0]
    wishes = b",".join(given).decode("latin-1").split(",")[:MOST]
    weights = {language: max((_weight(wish, language) for wish in wishes), default=0.0) for language in LANGUAGES}
    return max(LANGUAGES, key=lambda language: weights[language])


def _weight(wish: str, language: str) -> float:
    """Give the weight of a language range such as it-IT;q=0.8, or 0 where it means another language."""
    named, _, parameter = wish.strip().partition(";")
    if named.strip().partition("-")[0].lower() != language:
        return 0.0
    name, _, weight = parameter.strip().partition("=")
    if not name:
        return 1.0
    return float(weight) if weight.replace(".", "", 1).isdecimal() and weight.isascii() else 0.0

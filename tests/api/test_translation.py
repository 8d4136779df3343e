# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The document in Italian: nothing left in English, and nothing changed but what is said to people."""

from typing import Any

from app.api.application import api, document_of
from app.api.translation import ITALIAN, in_italian, paragraphs

ENGLISH = document_of(api())


def test_everything_is_said_in_italian_and_nothing_that_is_not_in_the_document() -> None:
    said = set(paragraphs(ENGLISH))

    assert said - set(ITALIAN) == set(), "add these to app/api/italian.yaml"
    assert set(ITALIAN) - said == set(), "take these out of app/api/italian.yaml"


def test_the_contract_is_the_same_in_both_languages() -> None:
    assert without_words(in_italian(ENGLISH)) == without_words(ENGLISH)


def test_who_may_is_said_in_italian() -> None:
    operation = {"description": "Do it.\n\nNeeds the key of: source or operator; with the scope `a:b` or `c-d:e`."}

    assert in_italian(operation)["description"] == (
        "Do it.\n\nServe la chiave di una fonte o chi opera, con l'ambito `a:b` o `c-d:e`."
    )


def without_words(value: Any) -> Any:
    match value:
        case dict():
            return {name: without_words(each) for name, each in value.items() if not is_said(name, each)}
        case list():
            return [without_words(each) for each in value]
    return value


def is_said(name: str, value: Any) -> bool:
    return name == "tags" or (name in ("summary", "description", "x-summary") and isinstance(value, str))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What tries the API knows which refusals are right: those that are listed, and no other."""

from typing import Any

import pytest

from app.api.application import api, document_of
from tests.api.conforming import MAY_BE, complaint


def a_problem(kind: str, *places: str) -> dict[str, Any]:
    return {"type": f"https://x/problems/{kind}", "detail": "", "errors": [{"pointer": place} for place in places]}


WRONG = {
    "a fault of ours": ("list_notices", 500, a_problem("internal")),
    "a state where there is none": ("make_source", 412, a_problem("precondition-failed")),
    "another problem of the same status": ("make_source", 422, a_problem("invalid-notice")),
    "a member that the schema bounds": ("make_source", 422, a_problem("invalid-body", "#/name", "#/slug")),
    "something missing where nothing is named": ("list_services", 404, a_problem("not-found")),
    "a copy where none is kept": ("show_source", 304, None),
}


@pytest.mark.parametrize(("operation", "status", "body"), WRONG.values(), ids=WRONG)
def test_a_refusal_that_is_not_listed_is_a_finding(operation: str, status: int, body: Any) -> None:
    assert complaint(operation, status, body)


@pytest.mark.parametrize(
    ("operation", "status", "body"),
    [
        ("make_source", 201, None),
        ("show_notice", 304, None),
        ("show_notice", 404, a_problem("not-found")),
        ("make_source", 422, a_problem("invalid-body", "#/name", "#/event_sources/3")),
        ("hand_in_notice", 422, a_problem("invalid-notice", "#")),
    ],
)
def test_what_no_schema_can_tell_is_none(operation: str, status: int, body: Any) -> None:
    assert complaint(operation, status, body) is None


def test_every_refusal_that_is_let_pass_is_documented() -> None:
    document: Any = document_of(api())
    items = document["paths"].values()
    documented = {each["operationId"]: each["responses"] for item in items for each in item.values()}

    assert not [one for one in MAY_BE if str(one[1]) not in documented[one[0]]]

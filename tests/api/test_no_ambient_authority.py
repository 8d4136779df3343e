# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""No cookie is ever set or believed, and no page has a form that posts: there is nothing that could be forged."""

import re

import pytest

from tests.api.calling import Caller
from tests.api.test_scopes import NOTHING, OPERATIONS, filled
from tests.repository.files import ROOT, read

PAGES = [
    "/docs",
    "/docs?lang=en",
    "/docs/guide/operators",
    "/docs/guide/developers",
    "/docs/guide/receivers",
    "/docs/openapi.json",
    "/openapi.yaml",
    "/problems",
    "/bacheca",
    "/status",
    "/livez",
    "/.well-known/security.txt",
    "/nowhere",
]
TEMPLATES = [
    str(path.relative_to(ROOT)) for path in sorted((ROOT / "app").rglob("*.html")) if ".venv" not in path.parts
]
FORM = re.compile(r"<form\b[^>]*>", re.IGNORECASE)


@pytest.mark.parametrize("name", OPERATIONS)
async def test_no_operation_sets_a_cookie(operator: Caller, name: str) -> None:
    method, path, _ = OPERATIONS[name]

    answers = [
        await caller.call(method, "/v1" + filled(path, NOTHING), headers={"Cookie": "session=1"})
        for caller in (operator, operator.having(None))
    ]

    assert ["set-cookie" in {each.lower() for each in answer.headers} for answer in answers] == [False, False]


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_sets_a_cookie_or_has_a_form_that_posts(operator: Caller, path: str) -> None:
    answer = await operator.having(None).get(path, Accept="text/html, */*", Cookie="session=1")

    assert "set-cookie" not in {name.lower() for name in answer.headers}
    assert [form for form in FORM.findall(answer.text) if 'method="get"' not in form] == []


def test_no_template_has_a_form_that_posts() -> None:
    forms = [form for name in TEMPLATES for form in FORM.findall(read(name))]

    assert TEMPLATES
    assert [form for form in forms if 'method="get"' not in form] == []


async def test_a_key_in_a_cookie_opens_nothing(operator: Caller) -> None:
    answer = await operator.having(None).get("/v1/keys", Cookie=f"authorization=Bearer {operator.key}")

    assert (answer.status, answer.problem) == (401, "unauthenticated")

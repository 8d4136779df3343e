# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a proxy in front of the API says by itself has the form that callers know."""

import json
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from app.api.application import api, document_of
from app.api.problem_types import TYPES
from tests.repository.files import read


@pytest.mark.parametrize("status", [502, 503])
def test_the_pages_of_the_proxy_are_problems_of_the_registry(status: int) -> None:
    document: Any = document_of(api())
    page = json.loads(read(f"deploy/proxy/{status}.json"))

    OAS31Validator({"$ref": "#/components/schemas/Problem", "components": document["components"]}).validate(page)
    assert page["status"] == status
    assert page["type"].rpartition("/")[2] in TYPES
    assert page["title"] == TYPES["unavailable"].words["it"].title


def test_the_proxy_serves_them_as_problems_and_says_when_to_come_back() -> None:
    form = read("deploy/proxy/nginx.conf")

    assert "default_type application/problem+json;" in form
    assert "add_header Retry-After" in form
    assert all(f"/_campanella/{status}.json" in form for status in (502, 503))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a proxy in front of the API says by itself has the form that callers know."""

import json
import re
from typing import Any
from uuid import UUID

import pytest
from openapi_schema_validator import OAS31Validator

from app.api.application import api, document_of
from app.api.intake import ARRIVALS
from app.api.problem_types import TYPES
from tests.repository.files import read

PAGES = {
    400: "invalid-header",
    404: "not-found",
    405: "method-not-allowed",
    408: "",
    413: "too-large",
    414: "too-large",
    431: "too-large",
    502: "unavailable",
    503: "unavailable",
}
"""What nginx says by itself; 494 to 497 are names of its own for 431 and 400. For 408 there is no type."""
NOBODY = {"instance": f"urn:uuid:{UUID(int=0)}"}
"""The proxy knows no id of a request."""
FORM = read("deploy/proxy/nginx.conf") + read("deploy/proxy/server.conf")


@pytest.mark.parametrize(("status", "slug"), PAGES.items())
def test_the_pages_of_the_proxy_are_problems_of_the_registry(status: int, slug: str) -> None:
    document: Any = document_of(api())
    page = json.loads(read(f"deploy/proxy/{status}.json"))

    OAS31Validator({"$ref": "#/components/schemas/Problem", "components": document["components"]}).validate(
        page | NOBODY
    )
    assert page["status"] == status
    known = TYPES.get(slug)
    assert page["type"].rpartition("/")[2] == (slug or "about:blank")
    assert known is None or page["title"] == known.words["it"].title
    assert "instance" not in page


def test_the_proxy_serves_them_as_problems_and_says_when_to_come_back() -> None:
    served = dict(re.findall(r"error_page ([0-9 ]+?)(?: =[0-9]+)? /_campanella/([0-9]+)\.json;", FORM))

    assert "default_type application/problem+json;" in FORM
    assert "add_header Retry-After $campanella_retry_after" in FORM
    assert "~^(408|502|503)$ 15;" in FORM
    assert served == {
        "400 495 496 497 501 505": "400",
        "404": "404",
        "405": "405",
        "408": "408",
        "413": "413",
        "414": "414",
        "494": "431",
        "500 502 504": "502",
        "503": "503",
    }
    assert {int(page) for page in served.values()} == PAGES.keys()


def test_the_proxy_lets_every_body_in_that_the_api_takes() -> None:
    (most,) = re.findall(r"client_max_body_size ([0-9]+)m;", FORM)

    assert int(most) * 1024 * 1024 >= max(medium.largest for medium in ARRIVALS.media.values())
    assert json.loads(read("deploy/proxy/413.json"))["limit"] == int(most) * 1024 * 1024

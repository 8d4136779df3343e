# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How an operation ends: told with every answer, marked in the document, counted by source, and gone on its day."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import http_sf
import pytest
from aiohttp import ClientSession
from fastapi import APIRouter, FastAPI
from prometheus_client import REGISTRY

from app.api.application import api, document_of
from app.api.crowd import Crowd
from app.api.directory import Directory
from app.api.door import Door
from app.api.edge import API, Edge
from app.api.handlers import HANDLERS
from app.api.retirement import RETIRING, Retirement
from app.api.routes import StrictRoute
from tests.api.calling import listening, some_settings

SINCE = datetime(2027, 1, 1, tzinfo=UTC)
UNTIL = datetime(2127, 6, 30, 23, 59, 59, tzinfo=UTC)
ENDING = Retirement(SINCE, UNTIL, "/notices")
ENDED = Retirement(SINCE - timedelta(days=3650), SINCE - timedelta(days=3000), "/notices")


def an_application(retirement: Retirement | None) -> Edge:
    """One operation, old_list, as an application of ours."""
    router = APIRouter(route_class=StrictRoute)

    @router.get("/old-list")
    async def old_list() -> list[str]:
        return ["as ever"]

    inner = FastAPI(openapi_url=None, exception_handlers=HANDLERS)
    inner.state.retiring = {} if retirement is None else {"old_list": retirement}
    inner.router.routes.extend(router.routes)
    settings = some_settings("postgresql://u@h/d", "redis://h")
    return Edge(
        inner,
        FastAPI(),
        Directory([(API, route) for route in router.routes]),
        Door(settings),
        "https://bell.it",
        Crowd(),
    )


async def asked(retirement: Retirement | None) -> tuple[int, Any, list[str], Any]:
    async with (
        listening(an_application(retirement)) as address,
        ClientSession(address) as session,
        session.get("/v1/old-list") as answer,
    ):
        return answer.status, answer.headers, answer.headers.getall("Link"), await answer.json(content_type=None)


async def test_an_operation_that_will_end_says_so_and_changes_nothing_else() -> None:
    plain_status, plain, _, plain_body = await asked(None)

    status, headers, links, body = await asked(ENDING)

    assert (status, body) == (plain_status, plain_body) == (200, ["as ever"])
    assert {"Deprecation", "Sunset"}.isdisjoint(plain)
    assert http_sf.parse(headers["Deprecation"].encode(), tltype="item") == (SINCE, {})
    assert headers["Sunset"] == "Mon, 30 Jun 2127 23:59:59 GMT"
    assert parsedate_to_datetime(headers["Sunset"]) == UNTIL
    told = ", ".join(links)
    assert all(f'rel="{relation}"' in told for relation in ("deprecation", "sunset"))
    assert '<https://bell.it/v1/notices>; rel="successor-version"' in told


async def test_after_its_end_an_operation_is_gone_and_says_what_took_its_place() -> None:
    status, headers, links, body = await asked(ENDED)

    assert (status, body["type"]) == (410, "https://bell.it/problems/gone")
    assert headers["Content-Type"] == "application/problem+json"
    assert 'rel="successor-version"' in ", ".join(links)


def test_nothing_ends_before_that_was_said() -> None:
    with pytest.raises(ValueError, match="cannot end before"):
        Retirement(UNTIL, SINCE)


def test_the_document_marks_what_is_deprecated_and_nothing_is_today() -> None:
    documents: list[Any] = [document_of(api({"list_services": ENDING})), document_of(api())]

    marked, plain = (document["paths"]["/services"]["get"] for document in documents)
    assert marked == {**plain, "deprecated": True}
    assert "deprecated" not in str(plain)
    assert not RETIRING


async def test_who_still_uses_it_is_counted() -> None:
    labels = {"operation": "old_list", "source": "unknown"}
    before = REGISTRY.get_sample_value("campanella_deprecated_requests_total", labels) or 0

    await asked(ENDING)

    assert REGISTRY.get_sample_value("campanella_deprecated_requests_total", labels) == before + 1

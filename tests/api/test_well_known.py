# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is found at well-known addresses: where to report a fault, what there is, and what we tell others."""

import asyncio
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
import yaml
from starlette.requests import Request
from starlette.routing import Route

from app.api.document_webhooks import MEANINGS
from app.api.installation import EXAMPLE, Installation
from app.api.well_known import VALID, api_catalog, routes, security_txt
from app.domain.callback import EventType
from tests.api.calling import Caller, fresh, some_settings

NOW = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)


def fields(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, value = line.split(": ", 1)
        found.setdefault(name, []).append(value)
    return found


async def test_security_txt_says_where_to_report_and_until_when_that_holds(operator: Caller) -> None:
    answer = await operator.having(None).get("/.well-known/security.txt")

    found = fields(answer.text)
    expires = datetime.fromisoformat(found["Expires"][0])
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert found.keys() == {"Contact", "Expires", "Preferred-Languages", "Canonical", "Policy"}
    assert all(len(values) == 1 for values in found.values())
    assert timedelta(days=30) < expires - datetime.now(UTC) < timedelta(days=365)
    assert re.fullmatch(r"(https?|mailto):.+", found["Contact"][0])
    assert found["Preferred-Languages"] == ["it, en"]


async def test_until_when_it_holds_is_settled_at_the_start() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        security = next(route for route in routes(EXAMPLE) if isinstance(route, Route))
        first = (await security.endpoint(Request({"type": "http"}))).body.decode()
        clock.shift(timedelta(days=100))
        later = (await security.endpoint(Request({"type": "http"}))).body.decode()

    assert fields(first)["Expires"] == [f"{NOW + VALID:%Y-%m-%dT%H:%M:%SZ}"]
    assert later == first


@pytest.mark.parametrize(
    ("settings", "contact"),
    [
        ({}, "http://127.0.0.1:8080/docs"),
        ({"contact_email": "sit@comune.example.it"}, "mailto:sit@comune.example.it"),
        ({"security_contact": "https://comune.example.it/vdp"}, "https://comune.example.it/vdp"),
    ],
)
def test_reports_go_where_the_installation_says(settings: dict[str, str], contact: str) -> None:
    installation = Installation.of(some_settings("postgresql://u@h/d", "redis://h", **settings))

    text = security_txt(installation, NOW)

    assert fields(text)["Contact"] == [contact]
    assert fields(text)["Expires"] == ["2027-05-23T09:15:00Z"]


async def test_the_catalogue_names_what_describes_the_api_and_every_link_leads_somewhere(operator: Caller) -> None:
    answer = await operator.having(None).get("/.well-known/api-catalog")

    assert answer.headers["Content-Type"].startswith("application/linkset+json")
    (context,) = json.loads(answer.text)["linkset"]
    assert context["anchor"].endswith("/v1")
    links = [link for relation in ("service-desc", "service-doc", "status", "related") for link in context[relation]]
    for link in links:
        led = await operator.having(None).get(link["href"].removeprefix("http://127.0.0.1:8080"), Accept=link["type"])
        assert (led.status, led.headers["Content-Type"].partition(";")[0]) == (200, link["type"])


async def test_the_catalogue_is_found_by_its_head(operator: Caller) -> None:
    answer = await operator.having(None).call("HEAD", "/.well-known/api-catalog")

    assert (answer.status, answer.text) == (200, "")
    assert answer.headers["Link"] == '<http://127.0.0.1:8080/.well-known/api-catalog>; rel="api-catalog"'


async def test_the_catalogue_names_the_feeds_of_every_board_that_is_open(operator: Caller) -> None:
    slug, drill = fresh("bacheca"), fresh("bacheca")
    for name, members in ((slug, {}), (drill, {"test": True})):
        await operator.a_channel(await operator.a_service(), kind="noticeboard", address=name, **members)
    feeds = {f"/bacheca/{slug}/{file}" for file in ("feed.atom", "feed.json", "calendario.ics")}

    async with asyncio.timeout(60):
        while not feeds <= (await listed(operator)).keys():  # noqa: ASYNC110 - boards are looked up now and then
            await asyncio.sleep(0.1)
    found = await listed(operator)

    assert not [path for path in found if drill in path]
    for path in feeds:
        led = await operator.having(None).get(path)
        assert (led.status, led.headers["Content-Type"].partition(";")[0]) == (200, found[path])


async def listed(operator: Caller) -> dict[str, str]:
    """Give the media types of what is related to the API by their paths."""
    (context,) = json.loads((await operator.having(None).get("/.well-known/api-catalog")).text)["linkset"]
    return {link["href"].removeprefix("http://127.0.0.1:8080"): link["type"] for link in context["related"]}


def test_the_catalogue_is_there_without_any_board() -> None:
    (context,) = api_catalog(EXAMPLE, {})["linkset"]

    assert [link["type"] for link in context["related"]] == ["text/html"]


async def test_every_answer_of_the_api_leads_to_its_description(operator: Caller) -> None:
    links = [(await operator.get(path)).headers["Link"] for path in ("/v1/services", "/v1/nowhere")]

    for link in links:
        assert '<http://127.0.0.1:8080/openapi.yaml>; rel="service-desc"' in link
        assert '<http://127.0.0.1:8080/docs>; rel="service-doc"' in link
        assert '<http://127.0.0.1:8080/.well-known/api-catalog>; rel="api-catalog"' in link
    assert "Link" not in (await operator.get("/livez")).headers


def hashed(node: Any) -> str:
    return hashlib.sha256(json.dumps(node, sort_keys=True).encode()).hexdigest()


async def test_messages_have_the_schemas_of_the_api_to_the_letter(operator: Caller) -> None:
    messages = yaml.safe_load((await operator.get("/asyncapi.yaml")).text)
    api = (await operator.get("/openapi.json")).body

    ours, theirs = messages["components"]["schemas"], api["components"]["schemas"]
    assert messages["asyncapi"] == "3.1.0"
    assert {"Notice", "Text", "Event", "CloudEvent", "NoticeOfEvent"} <= ours.keys()
    assert {name: hashed(schema) for name, schema in ours.items()} == {name: hashed(theirs[name]) for name in ours}
    referred = set(re.findall(r"#/components/schemas/([A-Za-z]+)", json.dumps(messages)))
    assert referred <= ours.keys()


async def test_every_event_that_can_be_told_is_a_message_and_a_webhook(operator: Caller) -> None:
    messages = yaml.safe_load((await operator.get("/asyncapi.yaml")).text)
    api = (await operator.get("/openapi.json")).body

    told = {message["name"] for message in messages["channels"]["callback"]["messages"].values()}
    sent = [each for each in messages["operations"].values() if each["action"] == "send"]
    taken = [each for each in messages["operations"].values() if each["action"] == "receive"]
    assert told == set(api["webhooks"]) == {kind.value for kind in EventType} == {kind.value for kind in MEANINGS}
    assert (len(sent), len(taken)) == (len(EventType), 1)
    notices = messages["channels"]["notices"]["messages"]
    assert {each["contentType"] for each in notices.values()} == {"application/json", "application/cloudevents+json"}
    assert len(taken[0]["messages"]) == len(notices) == 2
    for operation in (*sent, *taken):
        for reference in operation["messages"]:
            node = messages
            for part in reference["$ref"].removeprefix("#/").split("/"):
                node = node[part]
            assert node["payload"]

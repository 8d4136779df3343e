# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The URIs that a source's CloudEvents come from: registered by an operator, the first for plain notices too."""

import pytest

from app.domain.uri import is_uri, is_uri_reference
from tests.api.calling import Caller, fresh
from tests.api.events import a_sender, binary
from tests.api.typing_in import Environment, Typed

HOME = "https://mensa.comune.example.it/avvisi"


async def test_a_source_is_made_with_its_event_sources_and_shows_them(operator: Caller) -> None:
    slug = fresh("fonte")

    made = await operator.post("/v1/sources", {"slug": slug, "name": "Mensa", "event_sources": [HOME, "/mensa"]})

    shown = await operator.get(f"/v1/sources/{slug}")
    assert (made.status, shown.body["event_sources"]) == (201, [HOME, "/mensa"])


@pytest.mark.parametrize(
    ("listed", "pointer"),
    [
        (["not a uri"], "#/event_sources/0"),
        (["/a", "1:b"], "#/event_sources/1"),
        (["/a", "/a"], "#/event_sources"),
        ([""], "#/event_sources/0"),
        (["/a"] * 21, "#/event_sources"),
    ],
)
async def test_an_event_source_that_is_none_is_named(operator: Caller, listed: list[str], pointer: str) -> None:
    answer = await operator.post("/v1/sources", {"slug": fresh("f"), "name": "M", "event_sources": listed})

    assert (answer.status, answer.pointers) == (422, [pointer])


async def test_the_first_event_source_stays_first_while_it_is_listed(operator: Caller) -> None:
    sender = await a_sender(operator, "/b")
    path = f"/v1/sources/{sender.slug}"

    moved = await operator.patch(path, {"event_sources": ["/b", "/mensa"]})
    renamed = await operator.patch(path, {"event_sources": ["/c", "/b"]})

    assert (moved.status, moved.problem, moved.pointers) == (409, "state-conflict", ["#/event_sources"])
    assert (renamed.status, renamed.body["event_sources"]) == (200, ["/c", "/b"])


async def test_an_event_source_that_is_taken_away_may_send_no_more(operator: Caller) -> None:
    sender = await a_sender(operator, "/b")
    before = await binary(sender, {"ce-source": "/b"})

    await operator.patch(f"/v1/sources/{sender.slug}", {"event_sources": ["/mensa"]})

    assert (before.status, (await binary(sender, {"ce-source": "/b"})).status) == (202, 403)


async def test_a_source_can_be_made_with_event_sources_on_the_command_line(
    typed: Typed, environment: Environment
) -> None:
    ended = await typed(environment, "source", "add", "mensa", "--event-source", HOME)
    wrong = await typed(environment, "source", "add", "altra", "--event-source", "no uri")

    assert (ended.code, wrong.code) == (0, 2)
    assert "event_sources" in wrong.complained


@pytest.mark.parametrize(
    "text", ["/mensa", "mensa", "urn:cap:x@y", "https://u@h:8/a?b=c#d", "//h/a", "#x", "?q", "https://[::1]/", "a/b:c"]
)
def test_what_rfc_3986_calls_a_reference_is_one(text: str) -> None:
    assert is_uri_reference(text)
    assert is_uri(text) == (":" in text.split("/", maxsplit=1)[0])


@pytest.mark.parametrize("text", ["", "a b", "1a:b", "%zz", "%", "a#b#c", "http://[x", "à", "http://h:port/", "a\nb"])
def test_what_it_does_not_is_none(text: str) -> None:
    assert not is_uri_reference(text)

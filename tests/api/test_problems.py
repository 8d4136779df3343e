# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every error of every path is a problem document, and every answer has the headers that all have."""

import html
import re
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from app.api.problem_types import LANGUAGES, TYPES
from app.api.problems import problem
from app.domain import errors
from app.domain.errors import CampanellaError
from tests.api.calling import Answer, Caller, a_notice

INSTANCE = r"urn:uuid:[0-9a-f-]{36}"
UNKNOWN = [
    "/",
    "/nowhere",
    "/v1",
    "/v1/",
    "/v1/nowhere",
    "/v1/notices/",
    "/docs/",
    "/docs/own/none.js",
    "/problems/none",
]


@pytest.fixture(scope="session")
async def schema(operator: Caller) -> OAS31Validator:
    """The schema of a problem, as the document has it."""
    components = (await operator.get("/openapi.json")).body["components"]
    return OAS31Validator({"$ref": "#/components/schemas/Problem", "components": components})


def good_problem(schema: OAS31Validator, answer: Answer) -> bool:
    schema.validate(answer.body)
    return (
        answer.headers["Content-Type"] == "application/problem+json"
        and answer.body["status"] == answer.status
        and re.fullmatch(INSTANCE, answer.body["instance"]) is not None
        and answer.body["instance"].endswith(answer.headers["X-Correlation-ID"])
    )


@pytest.mark.parametrize("path", UNKNOWN)
async def test_an_unknown_path_is_a_problem(operator: Caller, schema: OAS31Validator, path: str) -> None:
    answer = await operator.get(path)

    assert (answer.status, answer.problem) == (404, "not-found")
    assert good_problem(schema, answer)


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/notices", "GET, HEAD, OPTIONS, POST"),
        ("/v1/notices/0193a1b2-7c4d-7e8f-9a0b-1c2d3e4f5a6b", "GET, HEAD, OPTIONS, PATCH"),
        ("/v1/channels/scuola", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/v1/status", "GET, HEAD, OPTIONS"),
        ("/livez", "GET, HEAD, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
        ("/openapi.yaml", "GET, HEAD, OPTIONS"),
    ],
)
async def test_an_unknown_method_is_a_problem_that_names_those_known(
    operator: Caller, schema: OAS31Validator, path: str, allow: str
) -> None:
    refused = [await operator.call(method, path) for method in ("TRACE", "PROPFIND")]
    asked = await operator.call("OPTIONS", path, headers={"Origin": "https://evil.example"})

    assert [(answer.status, answer.headers["Allow"]) for answer in refused] == [(405, allow)] * 2
    assert all(good_problem(schema, answer) for answer in refused)
    assert (asked.status, asked.headers["Allow"], asked.text) == (204, allow, "")
    assert asked.headers.get("Accept-Patch") == ("application/merge-patch+json" if "PATCH" in allow else None)
    assert not [name for name in asked.headers if name.lower().startswith("access-control")]


async def test_every_kind_of_refusal_is_a_problem(operator: Caller, source: Caller, schema: OAS31Validator) -> None:
    notice = a_notice()
    await source.post("/v1/notices", notice)
    refusals = {
        400: await source.post("/v1/notices", b"{"),
        401: await operator.having(None).get("/v1/notices"),
        403: await operator.hand_in(),
        404: await source.get("/v1/notices/x"),
        409: await source.post("/v1/notices", {**notice, "priority": "bulk"}),
        413: await source.post("/v1/notices", b" " * 300_000),
        415: await source.call("POST", "/v1/notices", notice, {"Content-Type": "text/plain"}),
        422: await source.hand_in(texts={}),
    }

    assert [answer.status for answer in refusals.values()] == list(refusals)
    assert all(good_problem(schema, answer) for answer in refusals.values())


@pytest.mark.parametrize("path", ["/v1/services", "/v1/status", "/livez", "/docs", "/openapi.json"])
async def test_head_answers_like_get_without_a_body(operator: Caller, path: str) -> None:
    head, get = await operator.call("HEAD", path), await operator.get(path)

    same = ("Content-Type", "Cache-Control")
    assert (head.status, head.text) == (get.status, "")
    assert [head.headers[name] for name in same] == [get.headers[name] for name in same]


@pytest.mark.parametrize(
    "path", ["/v1/services", "/v1/nowhere", "/nowhere", "/livez", "/metrics", "/docs", "/.well-known/security.txt"]
)
async def test_every_answer_has_the_headers_that_all_have(operator: Caller, path: str) -> None:
    headers = (await operator.get(path)).headers

    assert re.fullmatch(r"[0-9a-f-]{36}", headers["X-Correlation-ID"])
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    assert "Server" not in headers


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", TYPES)
async def test_every_problem_is_explained_for_people_and_for_programs(
    operator: Caller, slug: str, language: str
) -> None:
    words = TYPES[slug].words[language]

    page = await operator.get(f"/problems/{slug}", Accept="text/html", Accept_Language=language)
    document = await operator.get(f"/problems/{slug}", Accept="application/json", Accept_Language=language)

    assert (page.status, document.status) == (200, 200)
    assert {page.headers["Content-Language"], document.headers["Content-Language"]} == {language}
    assert f'<html lang="{language}">' in page.text
    assert html.escape(words.title) in page.text
    assert document.body["example"]["type"].endswith(slug)
    assert (document.body["meaning"], document.body["what_to_do"]) == (words.meaning, words.what_to_do)


@pytest.mark.parametrize(
    ("wish", "form"),
    [
        ("application/json, text/html;q=0.1", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("*/*", "application/json"),
    ],
)
async def test_a_page_is_for_who_wants_pages_most(operator: Caller, wish: str, form: str) -> None:
    answers = [await operator.get(path, Accept=wish) for path in ("/problems", "/problems/not-found")]

    assert {answer.headers["Content-Type"].partition(";")[0] for answer in answers} == {form}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_all_problems_are_listed_and_every_link_leads_somewhere(operator: Caller, language: str) -> None:
    page = await operator.get("/problems", Accept="text/html", Accept_Language=language)
    document = await operator.get("/problems")

    linked = re.findall(r'href="problems/([a-z-]+)"', page.text)
    assert linked == [one["type"] for one in document.body["items"]] == list(TYPES)


def test_the_registry_knows_every_error_that_can_be_raised() -> None:
    known = {
        kind.problem for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CampanellaError)
    }

    assert known <= TYPES.keys()


def test_every_problem_has_its_words_in_every_language() -> None:
    for kind in TYPES.values():
        assert kind.words.keys() == set(LANGUAGES)
        assert all(words.title and words.meaning and words.what_to_do for words in kind.words.values())
        assert kind.words["it"].title != kind.words["en"].title


LANGUAGE_WISHES = [
    (None, "it"),
    ("en", "en"),
    ("en-GB, it;q=0.5", "en"),
    ("it;q=0.2, en;q=0.9", "en"),
    ("de, fr;q=0.9", "it"),
    ("de, en;q=0.1", "en"),
    ("en;q=0", "it"),
    ("en;q=much, *", "it"),
    ("EN-us;q=1.0", "en"),
    ("it;q=0, *", "en"),
    ("it;q=0", "en"),
    ("*, it;q=0.5", "en"),
    ("*", "it"),
]


@pytest.mark.parametrize(("wish", "language"), LANGUAGE_WISHES)
async def test_the_title_is_in_the_language_that_was_asked_for(
    operator: Caller, wish: str | None, language: str
) -> None:
    answer = await operator.get("/v1/nowhere", **({"Accept-Language": wish} if wish else {}))

    words = TYPES["not-found"].words[language]
    assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (language, "Accept-Language")
    assert (answer.body["title"], answer.body["detail"]) == (words.title, words.meaning)


def test_a_sentence_that_nobody_translated_is_english_and_said_to_be() -> None:
    scope: dict[str, Any] = {"campanella.request": "7", "campanella.public": "https://x", "method": "GET"}

    answer = problem(scope, errors.InvalidNoticeError("The platform says no."))

    assert answer.headers["Content-Language"] == "it, en"
    assert TYPES["invalid-notice"].words["it"].title.encode() in answer.body


def test_a_pointer_and_members_are_part_of_the_document() -> None:
    scope: dict[str, Any] = {"campanella.request": "7", "campanella.public": "https://x", "method": "GET"}

    answer = problem(scope, errors.TooLargeError("Too large.", pointer="#/a", limit=7))

    assert b'"limit": 7' in answer.body
    assert b'{"pointer": "#/a", "detail": "Too large.", "rule": "too-large"}' in bytes(answer.body)

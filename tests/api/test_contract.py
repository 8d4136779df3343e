# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The document says what is served, and openapi.yaml is the document."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from pydantic import HttpUrl
from starlette.routing import Route

from app.api.application import api, document_of
from app.api.contract import FILE, contract
from app.api.installation import Installation
from tests.api.calling import Caller, some_settings

METHODS = {"get", "put", "post", "patch", "delete", "head", "options", "trace"}
DOCUMENT: dict[str, Any] = document_of(api())
OPERATIONS = [
    (f"{method} {path}", operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
]
each_operation = pytest.mark.parametrize(
    "operation", [one for _, one in OPERATIONS], ids=[name for name, _ in OPERATIONS]
)


async def test_the_kept_contract_is_what_is_served_but_for_whose_installation_it_is(operator: Caller) -> None:
    as_json = await operator.get("/openapi.json")
    as_yaml = await operator.get("/openapi.yaml")

    kept = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert (as_json.headers["Content-Type"], as_yaml.headers["Content-Type"]) == (
        "application/json",
        "application/yaml",
    )
    assert yaml.safe_load(as_yaml.text) == as_json.body
    differing = {name for name in kept if kept[name] != as_json.body[name]}
    assert kept.keys() == as_json.body.keys()
    assert differing <= {"info", "servers"}
    own = {name for name in kept["info"] if kept["info"][name] != as_json.body["info"][name]}
    assert own <= {"contact", "termsOfService", "x-api-id"}


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml", "/asyncapi.yaml", "/docs/openapi.json"])
async def test_a_document_that_has_not_changed_is_not_sent_again(operator: Caller, path: str) -> None:
    first = await operator.get(path)
    tag = first.headers["ETag"]

    again = [await operator.get(path, If_None_Match=tags) for tags in (tag, f"W/{tag}", f'"other", {tag}', "*")]
    other = await operator.get(path, If_None_Match='"other"')

    assert first.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert {(answer.status, answer.text, answer.headers["ETag"]) for answer in again} == {(304, "", tag)}
    assert (other.status, other.text) == (200, first.text)


def test_the_contract_is_written_in_the_form_in_which_it_is_kept() -> None:
    assert contract() == FILE.read_text(encoding="utf-8")


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)


def test_every_route_that_is_served_is_documented_and_no_other() -> None:
    served = {
        f"{method.lower()} {route.path}"
        for route in api().router.routes
        if isinstance(route, Route)
        for method in route.methods or ()
    }

    assert served == {name for name, _ in OPERATIONS}


@each_operation
def test_an_operation_says_what_it_is_for_and_who_may(operation: dict[str, Any]) -> None:
    assert all(operation[name] for name in ("summary", "description", "tags", "operationId"))
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])
    assert not re.match(r"(get|post|put|patch|delete|head)_", operation["operationId"])
    assert operation["security"] in ([{"Key": []}], [{}], [{}, {"Key": []}])


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, operation in OPERATIONS]

    assert len(set(names)) == len(names)


@each_operation
def test_every_error_is_a_shared_problem(operation: dict[str, Any]) -> None:
    bad = {status: answer for status, answer in operation["responses"].items() if status[0] not in "23"}

    assert {"400", "503", "default"} <= bad.keys()
    assert {} in operation["security"] or {"401", "403"} <= bad.keys()
    assert "requestBody" not in operation or {"413", "415", "422"} <= bad.keys()
    assert all(answer["$ref"].startswith("#/components/responses/") for answer in bad.values())


@each_operation
def test_every_good_answer_says_its_headers_and_its_form(operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            assert {"X-Correlation-ID", "Cache-Control"} <= answer["headers"].keys()
            assert ("content" in answer) == (status != "204")


def test_every_shared_problem_is_problem_json() -> None:
    for answer in DOCUMENT["components"]["responses"].values():
        assert answer["content"].keys() == {"application/problem+json"}


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    for name, operation in OPERATIONS:
        for media in operation.get("requestBody", {}).get("content", {}).values():
            yield from ((f"{name} {key}", media["schema"], one["value"]) for key, one in media["examples"].items())
    for name, answer in DOCUMENT["components"]["responses"].items():
        media = answer["content"]["application/problem+json"]
        yield name, media["schema"], media["example"]


@pytest.mark.parametrize(("schema", "value"), [one[1:] for one in examples()], ids=[one[0] for one in examples()])
def test_every_example_is_valid(schema: dict[str, Any], value: Any) -> None:
    OAS31Validator({**schema, "components": DOCUMENT["components"]}).validate(value)


def schemas(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of the document with its place."""
    if isinstance(node, dict) and node.get("type") in list(BOUNDS):
        yield path, node
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, each in inner:
        if name not in ("example", "examples", "default"):
            yield from schemas(each, f"{path}/{name}")


BOUNDS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "string": lambda one: "maxLength" in one or "enum" in one or "const" in one,
    "integer": lambda one: {"minimum", "maximum", "format"} <= one.keys(),
    "number": lambda one: {"minimum", "maximum", "format"} <= one.keys(),
    "array": lambda one: {"minItems", "maxItems"} <= one.keys(),
    "object": lambda one: "additionalProperties" in one,
}


@pytest.mark.parametrize("kind", BOUNDS)
def test_everything_in_the_document_has_bounds(kind: str) -> None:
    unbounded = [path for path, schema in schemas(DOCUMENT) if schema["type"] == kind and not BOUNDS[kind](schema)]

    assert unbounded == []


def test_paths_are_plain_and_schemas_are_named_like_types() -> None:
    assert all(re.fullmatch(r"(/([a-z]+(-[a-z]+)*|\{[a-z_]+\}))+", path) for path in DOCUMENT["paths"])
    assert all(re.fullmatch(r"([A-Z][a-z0-9]*)+", name) for name in DOCUMENT["components"]["schemas"])


def test_nothing_of_the_framework_is_left() -> None:
    text = contract()

    assert not re.search(r"HTTPValidationError|ValidationError|Successful Response|_post\b|_get\b", text)


def test_an_installation_speaks_for_itself() -> None:
    bare = some_settings("postgresql://u@h/d", "redis://h", public_url=HttpUrl("http://127.0.0.1:8080"))
    named = {"municipality": "Comune di Esempio", "contact_email": "sit@comune.example.it"}
    pages = {
        "contact_url": HttpUrl("https://comune.example.it/api"),
        "terms_url": HttpUrl("https://comune.example.it/n"),
    }
    whole = bare.model_copy(update={**named, **pages, "public_url": HttpUrl("https://bell.comune.example.it/")})

    plain, full = (document_of(api(), Installation.of(settings)) for settings in (bare, whole))

    info: Any = full["info"]
    assert info["contact"] == {
        "name": "Comune di Esempio",
        "url": "https://comune.example.it/api",
        "email": "sit@comune.example.it",
    }
    assert info["termsOfService"] == "https://comune.example.it/n"
    assert full["servers"] == [
        {"url": "https://bell.comune.example.it/v1", "description": "The installation of Comune di Esempio."}
    ]
    assert plain["servers"] == [
        {"url": "http://127.0.0.1:8080/v1", "description": "The installation of Comune.", "x-sandbox": True}
    ]
    assert info["x-api-id"] != document_of(api())["info"]["x-api-id"]  # type: ignore[index]  # it is an object

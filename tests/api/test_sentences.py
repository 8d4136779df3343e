# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whoever reads Italian is told what is wrong in Italian: all that the code and the models can complain of."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from app.api.application import api
from app.api.problems import described
from app.api.sentences import PLACE, WRITTEN, said_in
from app.domain.errors import CampanellaError
from app.domain.notice import Notice
from tests.api.calling import Caller, a_notice
from tests.api.sentences_said import anywhere, in_the_code, of_pydantic, of_the_types

ERRORS: dict[str, set[str]] = {
    "bool": {"bool_type", "bool_parsing"},
    "int": {"int_type", "int_parsing", "int_parsing_size", "int_from_float"},
    "str": {"string_type", "string_unicode"},
    "list": {"list_type"},
    "dict": {"dict_type", "invalid_key"},
    "datetime": {
        "datetime_type",
        "datetime_parsing",
        "datetime_from_date_parsing",
        "datetime_object_invalid",
        "timezone_aware",
    },
    "enum": {"enum"},
    "literal": {"literal_error"},
    "uuid": {"uuid_type", "uuid_parsing"},
    "model": {"model_type", "model_attributes_type"},
    "model-fields": {"missing", "extra_forbidden"},
}
"""What each part of a model can complain of, beside its bounds."""
BOUNDS: dict[tuple[str, str], str] = {
    ("str", "min_length"): "string_too_short",
    ("str", "max_length"): "string_too_long",
    ("str", "pattern"): "string_pattern_mismatch",
    ("int", "ge"): "greater_than_equal",
    ("int", "le"): "less_than_equal",
    ("list", "min_length"): "too_short",
    ("list", "max_length"): "too_long",
    ("dict", "min_length"): "too_short",
    ("dict", "max_length"): "too_long",
}
SILENT = {"default", "function-after", "function-before", "model-field", "no-info", "nullable"}
"""Parts that only hold others, or complain in our own words."""
NO_BOUNDS = {
    *("type", "ref", "schema", "metadata", "serialization", "strict", "cls", "config", "custom_init", "root_model"),
    *("members", "sub_type", "expected", "items_schema", "keys_schema", "values_schema", "microseconds_precision"),
    *("tz_constraint", "fields", "model_name", "computed_fields", "post_init", "version"),
}


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Give every part of a core schema that has a type."""
    match schema:
        case dict():
            if isinstance(schema.get("type"), str):
                yield schema
            within = [value for name, value in schema.items() if name not in ("metadata", "serialization")]
            yield from parts(within)
        case list() | tuple():
            yield from (part for each in schema for part in parts(each))


def schemas(dependant: Dependant) -> Iterator[Any]:
    """Give the core schemas of all that one operation reads."""
    fields = [*dependant.query_params, *dependant.header_params, *dependant.path_params, *dependant.body_params]
    yield from (field._type_adapter.core_schema for field in fields)
    model = getattr(dependant.call, "model", None)
    if isinstance(model, type) and issubclass(model, BaseModel):
        yield model.__pydantic_core_schema__
    for below in dependant.dependencies:
        yield from schemas(below)


def read_by_the_api() -> list[dict[str, Any]]:
    routes = [route for route in api().routes if hasattr(route, "dependant")]
    read = [part for route in routes for schema in schemas(route.dependant) for part in parts(schema)]
    return [*read, *parts(Notice.__pydantic_core_schema__)]


def test_every_type_of_error_that_a_model_can_have_is_said_in_italian() -> None:
    told, unknown, possible = of_pydantic(), set[str](), set[str]()
    for part in read_by_the_api():
        kind = part["type"]
        unknown |= {kind} - SILENT - ERRORS.keys()
        possible |= ERRORS.get(kind, set())
        for name in part.keys() - NO_BOUNDS if kind in ERRORS else ():
            possible.add(BOUNDS[kind, name])

    assert unknown == set()
    assert {"string_too_long", "missing", "extra_forbidden", "enum", "too_long", "uuid_parsing"} <= possible
    assert [each for each in sorted(possible) if said_in("it", told[each].replace(PLACE, "7")) is None] == []


def test_every_sentence_of_the_code_is_said_in_italian() -> None:
    said = in_the_code() | of_the_types()

    assert len(said) > 150
    assert [each for each in sorted(said) if said_in("it", each.replace(PLACE, "7")) is None] == [], (
        "add these to app/api/sentences.yaml"
    )


def test_nothing_is_translated_that_nobody_says() -> None:
    assert WRITTEN.keys() - anywhere() - set(of_pydantic().values()) == set(), (
        "take these out of app/api/sentences.yaml"
    )


@pytest.mark.parametrize("english", WRITTEN)
def test_what_is_put_in_has_its_place_in_italian(english: str) -> None:
    places = range(english.count(PLACE))
    given = [f"<{place}>" for place in places]

    italian = said_in("it", english.replace(PLACE, "{}").format(*given) if given else english)

    assert italian
    assert italian != english
    assert set(re.findall(r"<\d>", italian)) <= set(given)
    assert PLACE not in italian


@pytest.mark.parametrize(
    ("english", "italian"),
    [
        ("#/texts/it/title: String should have at most 200 characters", "#/texts/it/title: La lunghezza massima in"),
        ("String should have at least 1 character", "La lunghezza minima in caratteri è 1"),
        ("Input should be 'urgent', 'normal' or 'bulk'", "Ci vuole 'urgent', 'normal' o 'bulk'"),
        ("List should have at most 12 items after validation, not 13", "Il numero massimo di elementi è 12"),
        (
            "U+0007 is a control character (line 2, position 3)",
            "U+0007 è un carattere di controllo (riga 2, posizione 3)",
        ),
        ("a link has no text (line 4)", "un collegamento non ha testo (riga 4)"),
        (
            "sent is out of bounds: the year is not one of 2000 to 2199.",
            "sent è fuori dai limiti: l'anno non è tra 2000 e",
        ),
        ("There is no source mensa.", "Non c'è una fonte mensa."),
    ],
)
def test_a_sentence_is_found_with_what_was_put_into_it(english: str, italian: str) -> None:
    assert (said_in("it", english) or "").startswith(italian)
    assert said_in("en", english) == english


def test_what_is_known_in_english_only_is_told_as_it_is() -> None:
    error = CampanellaError("A platform of ours speaks.", errors=[{"pointer": "#/a", "detail": "Odd.", "rule": "odd"}])

    told = described(error, "https://x", "it", "urn:x")

    assert (told["detail"], told["errors"][0]["detail"]) == ("A platform of ours speaks.", "Odd.")
    assert said_in("it", "A platform of ours speaks.") is None


BROKEN = {
    "a long title": (
        {"texts": {"it": {"title": "x" * 201}}},
        "La lunghezza massima in caratteri è 200",
        "String should",
    ),
    "no service": ({"service": None}, "Ci vuole una stringa", "Input should be a valid string"),
    "an unknown one": ({"urgente": True}, "Questo membro non è previsto", "Extra inputs are not permitted"),
    "a control character": ({"texts": {"it": {"title": "a\x07"}}}, "U+0007 è un carattere di controllo", "U+0007 is a"),
    "a service of nobody": (
        {"service": "nessuno"},
        "Non esiste un servizio con questo nome",
        "There is no such service",
    ),
}


@pytest.mark.parametrize(("members", "italian", "english"), BROKEN.values(), ids=BROKEN)
async def test_a_place_is_complained_of_in_the_language_of_the_caller(
    source: Caller, members: dict[str, Any], italian: str, english: str
) -> None:
    sent = a_notice(**members)

    wished = [await source.post("/v1/notices", sent, Accept_Language=tag) for tag in ("it-IT", "en, it;q=0.5")]
    plain = await source.post("/v1/notices", sent)

    assert [answer.status for answer in (*wished, plain)] == [422, 422, 422]
    assert [answer.headers["Content-Language"] for answer in (*wished, plain)] == ["it", "en", "it"]
    assert wished[0].body["errors"][0]["detail"].startswith(italian)
    assert wished[1].body["errors"][0]["detail"].startswith(english)
    assert plain.body["errors"] == wished[0].body["errors"]
    assert wished[0].body["errors"][0]["rule"] == wished[1].body["errors"][0]["rule"]
    assert italian in wished[0].body["detail"]


async def test_a_parameter_and_a_batch_are_complained_of_in_italian(source: Caller) -> None:
    listed = await source.get("/v1/notices?limit=201")
    batch = await source.post("/v1/notices/batch", [a_notice(), a_notice(service="nessuno"), {}])
    lenient = await source.post("/v1/notices/batch", [a_notice(texts={})], Prefer="handling=lenient")

    assert listed.body["errors"] == [
        {"parameter": "limit", "detail": "Il valore massimo è 200", "rule": "less_than_equal"}
    ]
    assert batch.body["detail"].startswith("Nulla del lotto è stato salvato")
    assert [place["detail"] for place in batch.body["errors"]][:2] == ["Il membro è obbligatorio"] * 2
    assert lenient.body["items"][0]["problem"]["errors"][0]["detail"] == "Il numero minimo di elementi è 1"

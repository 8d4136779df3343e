# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The schemas of the document, in the form that the Italian rules ask for: bounded, closed, and without noise."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.api.problem_types import TYPES

Schema = dict[str, Any]
NOT_OURS = ("HTTPValidationError", "ValidationError")
REFERENCES = "#/components/schemas/{model}"
WORDS = {"type": "string", "maxLength": 2000, "pattern": r"^[^\x00]*$"}
LENGTHS = {"uuid": 36, "date-time": 40}
LONGEST = 320
"""Of what only a pattern bounds, such as an e-mail address."""
NO_NUL = r"^[^\x00]*$"
"""The least that is true of every text."""
PLACE: Schema = {
    "type": "object",
    "description": "One place that is wrong: a pointer into the body, or the name of a parameter or header.",
    "additionalProperties": False,
    "required": ["detail", "rule"],
    "properties": {
        "pointer": {"type": "string", "maxLength": 400, "pattern": "^#", "examples": ["#/texts/it/title"]},
        "parameter": {"type": "string", "maxLength": 100, "pattern": r"^[^\x00]*$", "examples": ["limit"]},
        "detail": WORDS,
        "rule": {"type": "string", "maxLength": 100, "pattern": "^[a-z0-9_.-]+$", "examples": ["string_too_long"]},
    },
}
PROBLEM: Schema = {
    "type": "object",
    "description": "What went wrong (RFC 9457). The types are " + ", ".join(f"`{name}`" for name in TYPES) + ".",
    "additionalProperties": False,
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri", "maxLength": 2048, "description": "An address that explains it."},
        "title": {**WORDS, "maxLength": 200},
        "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
        "detail": WORDS,
        "instance": {"type": "string", "format": "uri", "maxLength": 60, "description": "The id of the request."},
        "errors": {
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "items": {"$ref": "#/components/schemas/ProblemPlace"},
        },
        "more_errors": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 100_000},
        "violated-policies": {
            "type": "array",
            "minItems": 1,
            "maxItems": 5,
            "items": {"type": "string", "maxLength": 40, "pattern": "^[a-z-]+$", "examples": ["burst"]},
        },
        "limit": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 2**31 - 1},
        "notice": {"type": "string", "format": "uri", "maxLength": 2048, "description": "The notice that exists."},
        "revision": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 2**31 - 1},
    },
}


def schemas(made: Schema, bodies: Sequence[type[BaseModel]], own: Schema) -> Schema:
    """Gather the schemas of answers and bodies, and those written by hand (`own`), each by its name."""
    _, taken = models_json_schema([(body, "validation") for body in bodies], ref_template=REFERENCES)
    found = {name: schema for name, schema in made.items() if name not in NOT_OURS} | taken["$defs"]
    tidy = {name: _tidied(schema) for name, schema in found.items()}
    tidy |= _changes(tidy) | _of_event(tidy["Notice"]) | {"Problem": PROBLEM, "ProblemPlace": PLACE}
    tidy |= {name: _tidied(schema) for name, schema in own.items()}
    return dict(sorted(tidy.items()))


def parameters(made: Iterable[Schema]) -> list[Schema]:
    """Describe parameters; one that may be left out is never null, and an example stands where it can be tried."""
    return [_parameter(each, _never_null(_tidied(each["schema"]))) for each in made]


def _parameter(made: Schema, schema: Schema) -> Schema:
    tried = {"example": schema.pop("examples")[0]} if "examples" in schema else {}
    about = {"description": schema.pop("description")} if "description" in schema else {}
    return {**about, **made, "schema": schema, **tried}


def _never_null(schema: Schema) -> Schema:
    several = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    return {**(several[0] if several else {}), **schema}


def _changes(tidy: Schema) -> Schema:
    """Describe a merge patch of a notice: no member is required, and null takes away what need not be there."""
    notice, text = deepcopy(tidy["Notice"]), deepcopy(tidy["Text"])
    notice["description"] = "What changes in a notice; a member that is left out stays, a list is replaced whole."
    text["description"] = "What changes in one language."
    for schema in (notice, text):
        schema.pop("required")
        for member in schema["properties"].values():
            member.pop("default", None)
    del notice["properties"]["texts"]["minProperties"]
    notice["properties"]["texts"]["additionalProperties"] = {
        "anyOf": [{"$ref": REFERENCES.format(model="TextChange")}, {"type": "null"}]
    }
    return {"NoticeChange": notice, "TextChange": text}


def _of_event(notice: Schema) -> Schema:
    """Describe a notice as the data of a CloudEvent, whose id is the event_id."""
    needed = [name for name in notice["required"] if name != "event_id"]
    said = "A notice as the data of a CloudEvent: event_id may be left out, it is the id of the event."
    return {"NoticeOfEvent": {**notice, "description": said, "required": needed}}


def _tidied(schema: Any) -> Any:
    match schema:
        case list():
            return [_tidied(each) for each in schema]
        case {"x-schema": name}:
            return {"$ref": REFERENCES.format(model=name)}
        case dict():
            return _bounded({name: _member(name, value) for name, value in schema.items() if name != "title"})
    return schema


def _member(name: str, value: Any) -> Any:
    if name == "properties":
        return {each: _tidied(schema) for each, schema in value.items()}
    return value if name in ("default", "enum", "const", "examples", "required") else _tidied(value)


def _bounded(schema: Schema) -> Schema:
    """Say what pydantic leaves open, and in words that the checkers of the Italian rules understand."""
    if "patternProperties" in schema:
        ((pattern, value),) = schema.pop("patternProperties").items()
        schema |= {"propertyNames": {"pattern": pattern, "maxLength": 12}, "additionalProperties": value}
    for bound in {"minimum", "maximum"} & schema.keys():
        schema[bound] = int(schema[bound]) if schema.get("type") == "integer" else schema[bound]
    if schema.get("type") == "array":
        schema.setdefault("minItems", 0)
    if schema.get("type") == "string":
        _bound_text(schema)
    return schema


def _bound_text(schema: Schema) -> None:
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if "enum" not in schema:
        schema.setdefault("maxLength", LENGTHS.get(schema.get("format", ""), LONGEST))
        if not {"pattern", "format"} & schema.keys():
            schema["pattern"] = NO_NUL

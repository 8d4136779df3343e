# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Reads a JSON body strictly: size, media type, encoding, one meaning per member, then the model."""

import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Never, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from app.api.crowd import came
from app.api.problems import InvalidBodyError
from app.domain.errors import CampanellaError, MalformedBodyError, TooLargeError, UnsupportedMediaTypeError

LARGEST = 256 * 1024
DEEPEST = 32
BODY = "campanella.body"
"""In the scope: the body as it came, once it is read."""
MOST_ERRORS = 20
JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"
PARAMETER = re.compile(r';[ \t]*([^\s;="]+)=("(?:[^"\\]|\\.)*"|[^\s;"]*)')
STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
OTHERS = bytes(set(range(256)) - set(b"{}[]"))
PLAIN = re.compile(r"[A-Za-z][a-z]*[0-9]{0,2}(_[a-z]+[0-9]{0,2})*")
TELLING = re.compile(r"[0-9]{2}|[A-Z]{3}|.{41}", re.DOTALL)
"""What is in no name of ours nor in a language tag, but in codes of persons and accounts, and in sentences."""
LONGEST_NAME = 40
WITHHELD = "(withheld)"
"""Stands in a pointer for a name that is not repeated."""
Model = TypeVar("Model", bound=BaseModel)
Where = tuple[int | str, ...]
"""The way from the root of a document to a place in it."""


class Reading(Generic[Model]):
    """A dependency that gives the body as a model; the document of the API is made from the same object."""

    def __init__(
        self,
        model: type[Model],
        *,
        wrong: type[CampanellaError] = InvalidBodyError,
        media_type: str = JSON,
        examples: Mapping[str, Any],
        needed: bool = True,
    ) -> None:
        """`wrong` is the problem of a body that breaks the model's rules; `examples` are shown and can be tried.

        Where the body is not `needed`, none at all is one with nothing in it.
        """
        self.model, self.wrong, self.media_type, self.examples = model, wrong, media_type, examples
        self.needed = needed

    async def __call__(self, request: Request) -> Model:
        """Read the body, or say what is wrong with it and where."""
        if not self.needed and is_empty(request):
            return validated(self.model, b"{}", self.wrong)
        return validated(self.model, await checked_body(request, self.media_type), self.wrong)


def is_empty(request: Request) -> bool:
    """Tell whether a request has no body, by its head."""
    return request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers


async def checked_body(request: Request, media_type: str) -> bytes:
    """Read a body that every reader of JSON would read the same."""
    if media_type_of(request) != media_type:
        raise UnsupportedMediaTypeError(f"Send the body as {media_type}.")
    body = request.scope[BODY] = await whole(request)
    read(body)
    return body


def validated(model: type[Model], body: bytes, wrong: type[CampanellaError], where: Where = ()) -> Model:
    """Make the model, which is strict by itself, or name each place that breaks a rule; `where` leads to the body."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _complaint(_rows(error), wrong, where) from None


def refuse_unknown_names(model: type[BaseModel], change: Mapping[str, Any], wrong: type[CampanellaError]) -> None:
    """Name each member of a merge patch that the model has not: with null it would vanish unseen."""
    try:
        model.model_validate_json(json.dumps(change))
    except ValidationError as error:
        rows = [row for row in _rows(error) if row["type"] == "extra_forbidden" or row["loc"][-1:] == ("[key]",)]
        if rows:
            raise _complaint(rows, wrong, ()) from None


def media_type_of(request: Request) -> str:
    """Name the media type in small letters, or nothing; refuse other encodings than plain UTF-8.

    A parameter that is not known means nothing here (RFC 9110, 8.3).
    """
    given = request.headers.getlist("content-type")
    media_type, _, parameters = (given[0] if len(given) == 1 else "").partition(";")
    charsets = {value.strip('"') for name, value in PARAMETER.findall(f";{parameters.lower()}") if name == "charset"}
    if charsets - {"utf-8"}:
        raise UnsupportedMediaTypeError("Send the body in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaTypeError("Send the body without any content encoding.")
    return media_type.strip().lower()


async def whole(request: Request, largest: int = LARGEST) -> bytes:
    """Read the body to its end, or refuse it as soon as it is larger; it may have been read for its signature."""
    if BODY in request.scope:
        return _within(request.scope[BODY], largest)
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length) > largest:
        raise _too_large(largest)
    body, parts = bytearray(), 0
    async for chunk in request.stream():
        body += chunk
        parts += bool(chunk)
        if len(body) > largest:
            raise _too_large(largest)
    if parts > 1:
        came(time.monotonic())  # until now it was we who waited
    return bytes(body)


def _within(body: bytes, largest: int) -> bytes:
    if len(body) > largest:
        raise _too_large(largest)
    return body


def _too_large(largest: int) -> TooLargeError:
    return TooLargeError(f"The body is larger than {largest} bytes.", limit=largest)


def read(body: bytes) -> Any:
    """Read JSON, refusing what two readers would read differently: other encodings, repeated members, no numbers."""
    if body.startswith(b"\xef\xbb\xbf"):
        raise MalformedBodyError("The body begins with a byte order mark; send plain UTF-8.")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise MalformedBodyError("The body is not UTF-8.") from None
    _refuse_deep(body)
    try:
        return DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedBodyError(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from None
    except ValueError:
        raise MalformedBodyError("The body holds a number that is too long.") from None


def _refuse_deep(body: bytes) -> None:
    if body.count(b"{") + body.count(b"[") <= DEEPEST:
        return
    depth = 0
    for sign in STRINGS.sub(b"", body).translate(None, OTHERS):
        depth += (sign in b"{[") - (sign in b"}]")
        if depth > DEEPEST:
            raise MalformedBodyError(f"The body is nested deeper than {DEEPEST} levels.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedBodyError("The body names a member twice.")
    return members


def _no_number(_: str) -> Never:
    raise MalformedBodyError("NaN and Infinity are no JSON.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedBodyError("The body holds a number that is too large.")
    return number


DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite)


def _rows(error: ValidationError) -> Sequence[Mapping[str, Any]]:
    return error.errors(include_url=False, include_context=False, include_input=False)


def _complaint(rows: Sequence[Mapping[str, Any]], wrong: type[CampanellaError], where: Where) -> CampanellaError:
    """Name each place and rule; the values that were sent stay out."""
    if rows[0]["type"] == "json_invalid":
        return MalformedBodyError("The body is not JSON, or holds half of a character.")
    places = [
        {
            "pointer": pointer((*where, *_place(row))),
            "detail": said(row),
            "rule": row["type"],
        }
        for row in rows[:MOST_ERRORS]
    ]
    members: dict[str, Any] = {"errors": places}
    if len(rows) > MOST_ERRORS:
        members["more_errors"] = len(rows) - MOST_ERRORS
    return wrong(f"{places[0]['pointer']}: {places[0]['detail']}", **members)


def _place(row: Mapping[str, Any]) -> Where:
    """Give the way to a place; the name of a member that we do not know is the caller's text, as values are."""
    parts = tuple(map(_part, row["loc"]))
    return (*parts[:-1], plain_name(str(row["loc"][-1]))) if row["type"] == "extra_forbidden" else parts


def _part(part: int | str) -> int | str:
    return WITHHELD if isinstance(part, str) and TELLING.search(part) else part


def plain_name(name: str) -> str:
    """Give the name of a member as it was sent where it looks like one, else a placeholder: it may name a person."""
    return name if len(name) <= LONGEST_NAME and PLAIN.fullmatch(name) else WITHHELD


def said(row: Mapping[str, Any]) -> str:
    """Give pydantic's sentence without what it repeats of the input, such as the character that it stumbled over."""
    sentence = str(row["msg"]).removeprefix("Value error, ")
    return sentence.partition(", ")[0] if str(row["type"]).endswith("_parsing") else sentence


def pointer(place: Where) -> str:
    """Write a place as a JSON pointer in a URI fragment's form (RFC 6901), e.g. #/texts/it/title."""
    parts = (str(part) for part in place if part != "[key]")
    return "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)[:300]

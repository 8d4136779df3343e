# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Parameters of a request checked against the Bot API's own specification: names, types, what is required."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from deploy.sandbox.refusals import Why, bad_request
from deploy.sandbox.shapes import Check, ShapeError, Shapes

Reader = Callable[[Any, str], Any]

INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
MISSING = {
    "chat_id": Why.CHAT_ID_EMPTY,
    "text": Why.TEXT_EMPTY,
    "message_id": Why.MESSAGE_ID_MISSING,
    "message_ids": Why.MESSAGE_IDS_MISSING,
    "photo": Why.NO_PHOTO,
    "document": Why.NO_DOCUMENT,
    "deleteMessage.chat_id": Why.CHAT_ID_MISSING,
    "forwardMessage.message_id": Why.FORWARD_NOT_FOUND,
    "copyMessage.message_id": Why.COPY_NOT_FOUND,
    "pinChatMessage.message_id": Why.PIN_NOT_FOUND,
}
NOT_JSON = {
    "reply_markup": "Can't parse reply keyboard markup JSON object",
    "link_preview_options": "Can't parse link preview options JSON object",
    "reply_parameters": "Can't parse reply parameters JSON object",
}
NOT_THE_KIND: dict[tuple[str, type], str] = {
    ("reply_markup", dict): "Object expected as reply markup",
    ("link_preview_options", dict): "Object expected as link preview options",
    ("reply_parameters", dict): "Object expected as reply parameters",
    ("media", list): "Expected an Array of InputMedia",
    ("media", dict): "Can't parse InputMedia: expected an Object",
    ("message_ids", list): "Expected an Array of message identifiers",
    ("entities", list): "Expected an Array of MessageEntity",
    ("caption_entities", list): "Expected an Array of MessageEntity",
    ("allowed_updates", list): "Expected an Array of String as allowed updates",
    ("suggested_post_parameters", dict): "Object expected as suggested post parameters",
    ("rich_message", dict): "Object expected as rich message",
}
INSIDE = {
    "entities": Why.BAD_ENTITY,
    "caption_entities": Why.BAD_ENTITY,
    "media": Why.BAD_MEDIA,
    "reply_markup": Why.MARKUP_BAD_BUTTON,
    "message_ids": "Message identifier must be a Number",
}


def wrong_type(name: str, kind: str) -> Exception:
    return bad_request(Why.PARAMETER_TYPE, name=name, type=kind)


def read_integer(value: Any, name: str) -> int:
    if isinstance(value, str) and INTEGER.fullmatch(value):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(name, "Integer")
    return value


def read_string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise wrong_type(name, "String")
    return value


def read_boolean(value: Any, name: str) -> bool:
    truth = value if isinstance(value, bool) else TRUTH.get(str(value).lower())
    if truth is None:
        raise wrong_type(name, "Boolean")
    return truth


def read_address(value: Any, name: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise wrong_type(name, "Integer or String")
    return str(value)


PLAIN: dict[str, Reader] = {
    "Integer": read_integer,
    "String": read_string,
    "Boolean": read_boolean,
    "Integer or String": read_address,
    "InputFile or String": read_string,
}


def json_reader(check: Check, expression: str) -> Reader:
    """Read a parameter that is JSON, or a string that holds JSON, and check its shape."""
    kind = list if expression.startswith("Array of ") else dict

    def read(value: Any, name: str) -> Any:
        if isinstance(value, str):
            value = decoded(value, name)
        if expression != "JSON" and not isinstance(value, kind):
            raise bad_request(NOT_THE_KIND[name, kind])
        try:
            check(value, name)
        except ShapeError as error:
            raise bad_request(INSIDE.get(name, "Can't parse {name}: {reason}"), name=name, reason=error) from None
        return value

    return read


def decoded(text: str, name: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
        raise bad_request(NOT_JSON.get(name, f"Can't parse {name} JSON object")) from None


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the Bot API, ready to read its parameters."""

    name: str
    readers: Mapping[str, Reader]
    required: tuple[str, ...]

    def read(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Give the parameters in Python's types; an empty string or null is an absent one, as at Telegram."""
        parameters = {}
        for name, value in raw.items():
            if value is None or value == "":
                continue
            reader = self.readers.get(name)
            if reader is None:
                raise bad_request(Why.PARAMETER_UNKNOWN, name=name)
            parameters[name] = reader(value, name)
        for name in self.required:
            if name not in parameters:
                raise self.missing(name)
        return parameters

    def known(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Leave out what Telegram has taken out of its documents, as it does with what it does not know."""
        return {name: value for name, value in raw.items() if name in self.readers}

    def missing(self, name: str) -> Exception:
        sentence = MISSING.get(f"{self.name}.{name}") or MISSING.get(name)
        return bad_request(sentence) if sentence else bad_request(Why.PARAMETER_REQUIRED, name=name)


def load() -> dict[str, Method]:
    """Read the specification; methods are found by their name in lower case, as Telegram finds them."""
    source = json.loads((Path(__file__).parent / "bot-api.json").read_text("utf-8"))
    shapes = Shapes(source["types"])

    def reader(expression: str) -> Reader:
        return PLAIN.get(expression) or json_reader(shapes.check(expression), expression)

    methods = {}
    for name, shape in source["methods"].items():
        readers = {field: reader(text) for field, text in {**shape["required"], **shape["optional"]}.items()}
        required = tuple(sorted(shape["required"], key=lambda field: field == "chat_id"))
        methods[name.lower()] = Method(name, readers, required)
    return methods


METHODS = load()

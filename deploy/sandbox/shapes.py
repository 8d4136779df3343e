# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether a JSON value has the shape that a type expression of the specification names."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

Check = Callable[[Any, str], None]
Types = Mapping[str, Mapping[str, Any]]


class ShapeError(ValueError):
    """The value has another shape; the text says where, in the words of Telegram's JSON reader."""


def integer(value: Any, name: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ShapeError(f'Field "{name}" must be a Number')


def number(value: Any, name: str) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ShapeError(f'Field "{name}" must be of type Number')


def string(value: Any, name: str) -> None:
    if not isinstance(value, str):
        raise ShapeError(f'Field "{name}" must be of type String')


def boolean(value: Any, name: str) -> None:
    if not isinstance(value, bool):
        raise ShapeError(f'Field "{name}" must be of type Boolean')


def anything(value: Any, name: str) -> None:
    """Accept any value: what the specification does not describe is not checked."""


PLAIN: dict[str, Check] = {
    "Integer": integer,
    "Float": number,
    "String": string,
    "Boolean": boolean,
    "True": boolean,
    "InputFile": string,
    "JSON": anything,
}


def array(element: Check, value: Any, name: str) -> None:
    if not isinstance(value, list):
        raise ShapeError(f'Field "{name}" must be of type Array')
    for item in value:
        element(item, name)


class Shapes:
    """The checks for all type expressions of one specification, made when first needed."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.made: dict[str, Check] = {}

    def check(self, expression: str) -> Check:
        if expression not in self.made:
            self.made[expression] = self._make(expression)
        return self.made[expression]

    def _make(self, expression: str) -> Check:
        if expression in PLAIN:
            return PLAIN[expression]
        choices = expression.split(" or ")
        if all(choice.startswith("Array of ") for choice in choices):
            return partial(array, self.check(" or ".join(choice.removeprefix("Array of ") for choice in choices)))
        if len(choices) == 1 and "any" in self.types[expression]:
            choices = list(self.types[expression]["any"])
        if len(choices) > 1:
            return partial(self._one_of, choices)
        return partial(self._object, self.types[expression])

    def _object(self, shape: Mapping[str, Any], value: Any, name: str) -> None:  # noqa: ARG002 (a Check)
        if not isinstance(value, dict):
            raise ShapeError("expected an Object")
        required, optional = shape["required"], shape["optional"]
        for field, item in value.items():
            expression = required.get(field) or optional.get(field)
            if expression is None:
                raise ShapeError(f'Unknown field "{field}"')
            self.check(expression)(item, field)
        for field in required:
            if field not in value:
                raise ShapeError(f'Can\'t find field "{field}"')

    def _one_of(self, choices: list[str], value: Any, name: str) -> None:
        plain = [choice for choice in choices if choice in PLAIN]
        if not isinstance(value, dict):
            self.check(plain[-1] if plain else choices[0])(value, name)
            return
        self.check(self._choice(choices, value))(value, name)

    def _choice(self, choices: list[str], value: Mapping[str, Any]) -> str:
        """Say which of the types an object means: by its fixed type, else by the fields it has."""
        shapes = {choice: self.types[choice] for choice in choices if choice in self.types}
        if all("always" in shape for shape in shapes.values()):
            for choice, shape in shapes.items():
                if shape["always"]["type"] == value.get("type"):
                    return choice
            if "type" not in value:
                raise ShapeError('Can\'t find field "type"')
            raise ShapeError(f'type "{value["type"]}" is unsupported')
        known = {choice: shape["required"].keys() | shape["optional"].keys() for choice, shape in shapes.items()}
        return max(shapes, key=lambda choice: len(known[choice] & value.keys()))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Reads out of the code, and out of the models, which sentences an answer can complain with."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic_core._pydantic_core import list_all_errors

from app.api.problem_types import TYPES
from app.api.sentences import PLACE
from app.domain.errors import CampanellaError

OUTSIDE = (
    "app/administration",
    "app/settings",
    "app/setting_values",
    "app/wechat/",
    "app/board/",
    "app/signing",
    "app/signatures",
    "app/domain/evidence",
    "app/domain/signature",
    "app/evidences",
    "app/migrations/",
)
"""What is said on the command line, at the start, or in the log."""
FOR_NOBODY = {
    "a member stands twice",
    "no number",
    "an operation cannot end before it is deprecated",
    "no year has this date",
    "The notice is on the board, but cannot be shown.",
    "{} {}.",
    "#/source: {}",
    "{}: {}",
}
"""Never seen by a caller, or put together of what is looked at by itself."""
TELLING = {"refused", "_refused", "_wrong", "_wrong_header", "_in_order"}
"""Functions that make an error of the last text that they are given."""
GRAMMAR = Path("app/alerts/grammar.py")
"""Where a complaint is said without the element that it is about."""


def in_the_code() -> set[str]:
    """Give every sentence, with {} where something is put in, that an error is made with."""
    files = [file for file in sorted(Path("app").rglob("*.py")) if not str(file).startswith(OUTSIDE)]
    return {said for file in files for said in _said_in(file)} - FOR_NOBODY


def of_the_types() -> set[str]:
    """Give the docstrings that are told as they are: those of errors that share a type with another one."""
    return {str(kind.__doc__) for kind in _errors(CampanellaError) if kind is not TYPES[kind.problem].kind} - FOR_NOBODY


def anywhere() -> set[str]:
    """Give every text of the code, in the same form."""
    found: set[str] = set()
    for house in ("app", "workers"):
        for file in Path(house).rglob("*.py"):
            found |= {text for node in ast.walk(_tree(file)) if (text := _template(node, None)) is not None}
    return found | {f"{PLACE} {text}." for text in found if text.startswith("is ")}


def of_pydantic() -> dict[str, str]:
    """Give pydantic's sentence for each type of error, as it reaches a caller."""
    told: dict[str, str] = {}
    for each in list_all_errors():
        said = each.get("message_template_json", each["message_template_python"])
        cut = said.partition(", ")[0] if each["type"].endswith("_parsing") else said
        told[each["type"]] = re.sub(r"\{\w+\}", PLACE, cut)
    return told


def _errors(kind: type[CampanellaError]) -> Iterator[type[CampanellaError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _errors(below)


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _said_in(file: Path) -> Iterator[str]:
    module = import_module(".".join(file.with_suffix("").parts).removesuffix(".__init__"))
    for node in ast.walk(_tree(file)):
        yield from filter(None, _told(node, module))
        said = _template(node, None) if file == GRAMMAR else None
        if said and said.startswith("is "):
            yield f"{PLACE} {said}."


def _told(node: ast.AST, module: ModuleType) -> Iterator[str | None]:
    match node:
        case ast.Call(ast.Name(name) | ast.Attribute(attr=name), given):
            kind = getattr(module, name, None)
            if isinstance(kind, type) and issubclass(kind, CampanellaError | ValueError):
                yield from (_template(each, module) for each in given[:1])
            elif name in TELLING:
                yield from [text for each in given if (text := _template(each, module))][-1:]
        case ast.Dict(keys, values):
            pairs = zip(keys, values, strict=True)
            yield from (_template(value, module) for key, value in pairs if _is_detail(key))


def _is_detail(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value == "detail"


def _template(node: ast.AST, module: Any) -> str | None:
    """Write an expression as a sentence with places; None where it is not one that can be read here."""
    match node:
        case ast.Constant(str() as text):
            return text
        case ast.JoinedStr(values):
            return "".join(str(each.value) if isinstance(each, ast.Constant) else PLACE for each in values)
        case ast.Name(name) if isinstance(getattr(module, name, None), str):
            return str(getattr(module, name))
    return None

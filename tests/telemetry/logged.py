# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which events a source file logs, read from its syntax tree."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.delivery import State

LEVELS = frozenset({"debug", "info", "warning", "error", "critical", "exception", "msg", "log"})
FILLED_IN = "(" + "|".join([*State, "accepted", "replayed"]) + ")"
"""The words that stand in an event's name for something known only at run time: states, and what intake answers."""


@dataclass(frozen=True)
class Logged:
    """One log call: the event's name as a pattern (a part filled in at run time matches one word), or no name."""

    line: int
    pattern: str | None
    fields: frozenset[str]

    def names(self, catalogue: dict[str, str]) -> list[str]:
        return [name for name in catalogue if self.pattern is not None and re.fullmatch(self.pattern, name)]


def logged(source: str) -> list[Logged]:
    """List every event of every log call, two for `"a.b" if x else "c.d"`."""
    tree = ast.parse(source)
    scopes = [tree, *(each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))]
    found = {
        Logged(call.lineno, pattern, frozenset(each.arg for each in call.keywords if each.arg))
        for scope in scopes
        for call in ast.walk(scope)
        if isinstance(call, ast.Call) and _logs(call.func)
        for pattern in _patterns(_name(call), scope)
    }
    named = {each.line for each in found if each.pattern is not None}
    return sorted(
        (each for each in found if each.pattern is not None or each.line not in named), key=lambda each: each.line
    )


def loggers(source: str) -> list[int]:
    """List the lines that make a logger of their own, past the catalogue."""
    calls = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Call)]
    return [each.lineno for each in calls if isinstance(each.func, ast.Attribute | ast.Name) and _makes(each.func)]


def _makes(function: ast.Attribute | ast.Name) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else function.id
    return name in {"getLogger", "get_logger", "print"}


def _logs(function: ast.expr) -> bool:
    """Tell `log.info`, `log.bind(...).info`, `self._log.info` and `(log.debug if quiet else log.info)`."""
    match function:
        case ast.IfExp():
            return _logs(function.body)
        case ast.Attribute(attr=level):
            return level in LEVELS and _is_log(function.value)
    return False


def _is_log(value: ast.expr) -> bool:
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lstrip("_") in {"log", "logger"}
        case ast.Call(func=ast.Attribute(value=inner)):
            return _is_log(inner)
    return False


def _name(call: ast.Call) -> ast.expr | None:
    is_generic = isinstance(call.func, ast.Attribute) and call.func.attr == "log"
    arguments = call.args[1:] if is_generic else call.args
    return arguments[0] if arguments else None


def _patterns(name: ast.expr | None, scope: ast.AST) -> Iterator[str | None]:
    match name:
        case ast.Constant(value=str(text)):
            yield re.escape(text)
        case ast.JoinedStr(values=parts):
            yield "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else FILLED_IN for part in parts)
        case ast.IfExp() | ast.Name():
            for each in _choices(name, scope) or (None,):
                yield from _patterns(each, scope)
        case _:
            yield None


def _choices(name: ast.IfExp | ast.Name, scope: ast.AST) -> list[ast.expr]:
    """Give both branches of a choice, or all that a function assigns to a variable."""
    if isinstance(name, ast.IfExp):
        return [name.body, name.orelse]
    assignments = [each for each in ast.walk(scope) if isinstance(each, ast.Assign)]
    return [each.value for each in assignments if any(_is(target, name.id) for target in each.targets)]


def _is(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The document of the API in Italian: the same contract, with every sentence for people exchanged."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Say = Callable[[str], str]
SAID = ("summary", "description", "x-summary")
NAMED_FREELY = ("properties", "examples", "example", "default", "enum", "const", "mapping")
"""Members whose own members are names or values, where `description` may be a field rather than a sentence."""
ITALIAN: Mapping[str, str] = yaml.safe_load((Path(__file__).parent / "italian.yaml").read_text(encoding="utf-8")) or {}
"""What stands in openapi.yaml, and how it is said in Italian."""


def sentences(document: Mapping[str, Any]) -> Iterator[str]:
    """Give every sentence of a document that is meant for people, and the names of its groups."""
    found: dict[str, str] = {}
    _exchanged(document, lambda sentence: found.setdefault(sentence, sentence))
    return iter(found)


def in_italian(document: Mapping[str, Any]) -> dict[str, Any]:
    """Exchange each sentence for the Italian one; what has none stays English."""
    translated: dict[str, Any] = _exchanged(document, lambda sentence: ITALIAN.get(sentence, sentence))
    return translated


def _exchanged(value: Any, say: Say, where: str = "") -> Any:
    match value:
        case dict():
            return {name: _member(name, each, say, where) for name, each in value.items()}
        case list():
            return [_exchanged(each, say, where) for each in value]
    return value


def _member(name: str, value: Any, say: Say, where: str) -> Any:
    if where == "names":
        return _exchanged(value, say)
    if name == "examples" and isinstance(value, dict):
        return {each: _example(example, say) for each, example in value.items()}
    if name == "properties":
        return _exchanged(value, say, "names")
    if name in NAMED_FREELY:
        return value
    if name == "tags":
        return [say(tag) if isinstance(tag, str) else _group(tag, say) for tag in value]
    return say(value) if name in SAID and isinstance(value, str) else _exchanged(value, say)


def _example(example: Any, say: Say) -> Any:
    return {**example, "summary": say(example["summary"])} if "summary" in example else example


def _group(tag: Mapping[str, str], say: Say) -> dict[str, str]:
    return {name: say(words) for name, words in tag.items()}

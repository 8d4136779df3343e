# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The document of the API in Italian: the same contract, with every sentence for people exchanged."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Say = Callable[[str], str]
SAID = ("summary", "description", "x-summary")
NAMED_FREELY = ("properties", "examples", "example", "default", "enum", "const", "mapping")
"""Members whose own members are names or values, where `description` may be a field rather than a sentence."""
ITALIAN: Mapping[str, str] = yaml.safe_load((Path(__file__).parent / "italian.yaml").read_text(encoding="utf-8")) or {}
"""Each paragraph of the document, on one line, and how it is said in Italian."""
ROLES = {"source": "una fonte", "operator": "chi opera", "viewer": "chi guarda"}
PATTERNS = {
    re.compile(r"The installation of (?P<rest>.+)\."): "L'installazione di {rest}.",
    re.compile(r"What went wrong \(RFC 9457\)\. The types are (?P<rest>.+)"): (
        "Che cosa è andato storto (RFC 9457). I tipi sono {rest}"
    ),
}
"""What depends on the installation or on a registry."""
KEYED = re.compile(r"Needs the key of: (?P<roles>[a-z ]+)(?:; with the scope (?P<scopes>`[a-z:`\- ]+))?\.")


def paragraphs(document: Mapping[str, Any]) -> Iterator[str]:
    """Give all that a document says to people, by paragraphs, each on one line, and the names of its groups."""
    found: dict[str, None] = {}

    def noted(text: str) -> str:
        found.update(dict.fromkeys(map(_on_one_line, text.split("\n\n"))))
        return text

    _exchanged(document, noted)
    return (paragraph for paragraph in found if _by_pattern(paragraph) is None)


def in_italian(document: Mapping[str, Any]) -> dict[str, Any]:
    """Exchange each paragraph for the Italian one; what has none stays English."""
    translated: dict[str, Any] = _exchanged(document, _italian)
    return translated


def _italian(text: str) -> str:
    paragraphs = ((each, _on_one_line(each)) for each in text.split("\n\n"))
    return "\n\n".join(_by_pattern(line) or ITALIAN.get(line, each) for each, line in paragraphs)


def _by_pattern(line: str) -> str | None:
    for pattern, italian in PATTERNS.items():
        if found := pattern.fullmatch(line):
            return italian.format(**found.groupdict())
    found = KEYED.fullmatch(line)
    if found is None:
        return None
    roles = " o ".join(ROLES[role] for role in found["roles"].split(" or "))
    scopes = f", con l'ambito {found['scopes'].replace(' or ', ' o ')}" if found["scopes"] else ""
    return f"Serve la chiave di {roles}{scopes}."


def _on_one_line(paragraph: str) -> str:
    return " ".join(paragraph.split())


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

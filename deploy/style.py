# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Cuts Bootstrap Italia down to what the noticeboard's pages use.

python -m deploy.style PACKAGE, where PACKAGE is the unpacked npm package bootstrap-italia in the version below. The
result is kept in the repository, so that neither building nor reading needs anybody else's server.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VERSION = "2.18.3"
BOARD = Path(__file__).parents[1] / "app" / "board"
KEPT = BOARD / "static" / "bootstrap-italia.min.css"
SHEET = Path("dist") / "css" / "bootstrap-italia.min.css"
NOTE = f"/*! Bootstrap Italia {VERSION}, BSD-3-Clause, cut down by deploy/style.py: LICENSES/BSD-3-Clause.txt */\n"
TEXTS = frozenset(
    re.findall(r"\w+", "html body p br hr strong b em s code pre blockquote ul ol li a h2 h3 h4 h5 h6 svg")
)
"""Elements that come from notices and pictures, not from templates."""
NESTING = ("@media", "@supports")
CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
ELEMENT = re.compile(r"(?:^|[\s>+~])([a-z][a-z0-9]*)")
ATTRIBUTE = re.compile(r"\[([a-z-]+)")
PSEUDO = re.compile(r"::?[a-z-]+(?:\((?:[^()]|\([^()]*\))*\))?")
VARIABLE = re.compile(r"var\((--[\w-]+)")
DECLARED = re.compile(r"(--[\w-]+)\s*:")


@dataclass(frozen=True, slots=True)
class Used:
    """What the templates hold."""

    classes: frozenset[str]
    elements: frozenset[str]
    attributes: frozenset[str]


def used(templates: Path) -> Used:
    """Read every class, element and attribute of the templates, also those that only some pages have."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(templates.glob("*.html")))
    classes = {name for value in re.findall(r'class="([^"]*)"', text) for name in _said(value).split()}
    elements = set(re.findall(r"<([a-z][a-z0-9]*)", text))
    return Used(frozenset(classes), frozenset(elements) | TEXTS, frozenset(re.findall(r"\s([a-z-]+)=\"", text)))


def _said(value: str) -> str:
    """Leave of an expression in a template the words that it may write."""
    return re.sub(r"\{\{.*?\}\}", lambda found: " ".join(re.findall(r"'([^']*)'", found[0])), value)


def cut(sheet: str, needed: Used) -> str:
    """Keep the rules that can match something, and of the variables those that a kept rule asks for."""
    kept = list(_rules(sheet, needed))
    wanted: set[str] = set()
    while True:
        text = "".join(_written(prelude, _asked(body, wanted)) for prelude, body in kept)
        more = set(VARIABLE.findall(text))
        if more <= wanted:
            return text
        wanted |= more


def _rules(sheet: str, needed: Used) -> Iterator[tuple[str, str]]:
    for prelude, body in _blocks(sheet):
        if prelude.startswith(NESTING):
            inner = "".join(_written(*rule) for rule in _rules(body, needed))
            if inner:
                yield prelude, inner
        elif not prelude.startswith("@"):
            selectors = [one for one in _split(prelude, ",") if _can_match(one.strip(), needed)]
            if selectors:
                yield ",".join(selectors), body


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """Give what stands before each brace, and what it holds."""
    start = depth = opened = 0
    for place, sign in enumerate(sheet):
        if sign == "{":
            opened = place if depth == 0 else opened
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield sheet[start:opened].strip(), sheet[opened + 1 : place]
                start = place + 1
        elif sign == ";" and depth == 0:
            start = place + 1


def _can_match(selector: str, needed: Used) -> bool:
    bare = PSEUDO.sub("", selector)
    plain = ATTRIBUTE.sub("", CLASS.sub("", bare))
    return (
        all(name.replace("\\", "") in needed.classes for name in CLASS.findall(bare))
        and all(name in needed.elements for name in ELEMENT.findall(plain))
        and all(name in needed.attributes for name in ATTRIBUTE.findall(bare))
        and "#" not in bare
    )


def _asked(body: str, wanted: set[str]) -> str:
    """Leave out variables that nobody asks for, and whatever would be fetched."""
    if "{" in body:
        return "".join(_written(prelude, _asked(inner, wanted)) for prelude, inner in _blocks(body))
    lines = (line.strip() for line in _split(body, ";"))
    return ";".join(line for line in lines if line and _is_asked(line, wanted))


def _is_asked(line: str, wanted: set[str]) -> bool:
    declared = DECLARED.match(line)
    return "url(" not in line and (declared is None or declared[1] in wanted)


def _split(text: str, sign: str) -> list[str]:
    """Split outside of brackets and quotes."""
    return re.split(rf"""{sign}(?=(?:[^"]*"[^"]*")*[^"]*$)(?![^()]*\))""", text)


def _written(prelude: str, body: str) -> str:
    return f"{prelude}{{{body}}}" if body else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("package", type=Path, help="where the npm package bootstrap-italia is unpacked")
    package = parser.parse_args().package
    found = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    if found != VERSION:
        sys.stderr.write(f"This is bootstrap-italia {found}; the pages are made for {VERSION}.\n")
        return 1
    sheet = re.sub(r"/\*.*?\*/", "", (package / SHEET).read_text(encoding="utf-8"), flags=re.DOTALL)
    KEPT.write_text(NOTE + cut(sheet, used(BOARD / "templates")) + "\n", encoding="utf-8")
    print(f"{KEPT.name}: {len(sheet):,} bytes became {KEPT.stat().st_size:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

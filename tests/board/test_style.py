# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The style sheet is the part of Bootstrap Italia that the pages use: no more, no less, and from nobody's server."""

import hashlib
import re

from app.board.pages import TEMPLATES
from app.board.style import SHEET, STATIC
from deploy.style import KEPT, NOTE, Used, cut, used

DIGEST = "5881727772f53ac1743a11108e0ccc171de77a965d271ea497ff92ba7bad1267"
"""Of the kept part; deploy/style.py makes it anew, and then this changes with it."""
OURS = re.compile(r"bacheca(-[a-z]+)*")
FETCHES = re.compile(rb"url\(|@import|https?:")


def test_the_kept_part_is_the_one_that_was_looked_at() -> None:
    assert hashlib.sha256(KEPT.read_bytes()).hexdigest() == DIGEST


def test_it_fetches_nothing() -> None:
    assert FETCHES.findall(SHEET) == []


def test_nothing_is_kept_that_no_page_uses() -> None:
    kept = KEPT.read_text(encoding="utf-8").removeprefix(NOTE).strip()

    assert cut(kept, used(TEMPLATES)) == kept


def test_every_class_of_the_pages_has_a_style() -> None:
    sheet = SHEET.decode()
    classes = used(TEMPLATES).classes

    unknown = {name for name in classes if not re.search(rf"\.{re.escape(name)}(?![\w-])", sheet)}

    assert unknown <= {"bacheca-header", "bacheca-boards", "active", "bacheca-older", "col-12"}


def test_every_style_of_ours_is_used() -> None:
    ours = (STATIC / "bacheca.css").read_text(encoding="utf-8")

    assert {found[0] for found in OURS.finditer(ours) if found[0].startswith("bacheca-")} - {
        "bacheca-line",
        "bacheca-quiet",
        "bacheca-danger",
        "bacheca-warning",
        "bacheca-qr",
    } <= used(TEMPLATES).classes


def test_the_cutter_keeps_what_can_match_and_the_variables_that_are_asked_for() -> None:
    sheet = (
        ":root{--a: 1px;--b: var(--a);--c: red}.card,.badge:not(.x):hover{margin:var(--b)}"
        "@media print{.badge{color:red;background:url(x.png)}.card{color:blue}}@font-face{src:url(y)}"
        "p>a[href]{color:red}table td{color:red}"
    )

    kept = cut(sheet, used_of({"badge"}, {"p", "a"}, {"href"}))

    assert kept == (
        ":root{--a: 1px;--b: var(--a)}.badge:not(.x):hover{margin:var(--b)}@media print{.badge{color:red}}"
        "p>a[href]{color:red}"
    )


def used_of(classes: set[str], elements: set[str], attributes: set[str]) -> Used:
    return Used(frozenset(classes), frozenset(elements), frozenset(attributes))

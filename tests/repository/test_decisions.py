# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A decision record is one page, in one form, under a number of its own."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.repository.files import ROOT

RECORDS = sorted((ROOT / "deploy" / "decisions").glob("*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives"]
PAGE = 60
HEAD = re.compile(
    r"# (?P<number>\d{4}): [A-Z].{10,110}[^.]\n\n"
    r"Status: (?P<status>accepted|proposed|replaced by (?P<by>\d{4}))\n"
    r"Date: (?P<date>\d{4}-\d\d-\d\d)\n\n"
)


def test_numbers_have_no_gap_and_no_twin() -> None:
    numbers = [int(record.name[:4]) for record in RECORDS]

    assert numbers == list(range(len(RECORDS)))


@pytest.mark.parametrize("record", RECORDS[1:], ids=lambda path: path.stem)
def test_a_record_names_its_number_status_and_date(record: Path) -> None:
    head = HEAD.match(record.read_text(encoding="utf-8"))

    assert head
    assert head["number"] == record.name[:4]
    assert date.fromisoformat(head["date"])
    assert head["by"] is None or any(other.name.startswith(head["by"]) for other in RECORDS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_the_four_sections_in_order_on_one_page(record: Path) -> None:
    text = record.read_text(encoding="utf-8")

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert len(text.splitlines()) <= PAGE


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_no_section_is_empty(record: Path) -> None:
    bodies = re.split(r"^## .+$", record.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]

    assert all(len(body.split()) >= 5 for body in bodies)

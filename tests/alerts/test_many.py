# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Thousands of documents that are almost right: read, or refused by name, and never anything else."""

import json
import random
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import xmlschema

from app.alerts.bulletin import Bulletin
from app.alerts.bulletin import parse as parse_bulletin
from app.alerts.cap import Alert, parse
from app.alerts.notices import notice_of
from app.api.reading import read as read_json
from app.domain.errors import InvalidNoticeError, MalformedBodyError
from app.domain.markup import checked_markup
from app.domain.markup import parse as parse_markup
from app.domain.spelling import SpellingError
from tests.alerts.given import cap, info, reference
from tests.alerts.mutants import mutated, mutated_json
from tests.telegram.posts import FACTS, notice
from workers.telegram.render import TooLong, render

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "cap12.xsd")
ZONE = ZoneInfo("Europe/Rome")
PARTS = [
    "parola",
    " ",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    "> ",
    "# ",
    "`",
    "```\n",
    "*",
    "**",
    "_",
    "~~",
    "[a](https://e.it)",
    "](",
    "![",
    "<b>",
]
PARTS += [
    "&nbsp;",
    "&#0;",
    "\\",
    "|",
    "---",
    "\t",
    "😀",
    "👨‍👩‍👧",
    "汉字。",
    "ا",
    "\u202e",
    "\u0301",
    "http://",
    "x" * 80,
    "    ",
    "é",
]
sizes = pytest.mark.parametrize("size", [1_500, pytest.param(20_000, marks=pytest.mark.nightly)])


def rich() -> bytes:
    """A document with nearly everything in it."""
    more = {"responseType": "Prepare", "onset": "2127-12-11T06:00:00+01:00", "senderName": "Regione", "contact": "112"}
    said = {
        "description": "Piogge\n\nforti",
        "instruction": "Resta in casa.",
        "web": "https://e.it/",
        "audience": "tutti",
    }
    infos = (info(**more, **said), info(language="zh-CN", colour="rosso", areas=("Prato", "Bisenzio")))
    return cap(*infos, msgType="Update", references=reference("a"), note="x", code="y", incidents="z", source="w")


def read(body: bytes) -> Alert | None:
    """The alert, or None where it was refused as it should be."""
    try:
        alert = parse(body)
        notice_of(alert, "prova/1", {})
    except (InvalidNoticeError, MalformedBodyError):
        return None
    return alert


@sizes
def test_a_cap_document_is_read_or_refused_by_name(size: int) -> None:
    chance, good = random.Random(size), rich()  # noqa: S311 - spread, not secrecy

    taken = sum(read(mutated(good, chance)) is not None for _ in range(size))

    assert 0 < taken < size


@pytest.mark.parametrize("size", [150, pytest.param(3_000, marks=pytest.mark.nightly)])
def test_what_we_take_is_valid_by_the_schema_too(size: int) -> None:
    chance, good = random.Random(7), rich()  # noqa: S311 - spread, not secrecy
    documents = [good, cap(), *(mutated(good, chance) for _ in range(size))]

    taken = [body for body in documents if read(body) is not None]

    assert len(taken) > 2
    assert [body for body in taken if not SCHEMA.is_valid(body.decode())] == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (cap(sent="2026-12-10T13:05:00Z"), "a Z"),
        (cap(sent="2026-12-10T13:05:00.5+01:00"), "a fraction"),
        (cap(sent=None), "no sent"),
        (cap(info(urgency="Soon")), "an urgency outside the list"),
        (cap(info(areas=("",))).replace(b"<areaDesc></areaDesc>", b""), "an area without a description"),
    ],
)
def test_what_the_schema_refuses_we_refuse(body: bytes, why: str) -> None:
    assert not SCHEMA.is_valid(body.decode()), why
    assert read(body) is None


@sizes
def test_a_bulletin_is_read_or_refused_by_name(size: int) -> None:
    chance = random.Random(size)  # noqa: S311 - spread, not secrecy
    risks = {
        f"Per rischio {risk}": "Ordinaria / ALLERTA GIALLA" for risk in ("temporali", "idraulico", "idrogeologico")
    }
    feature = {"type": "Feature", "properties": {"Nome zona": "Bisenzio", **risks}, "geometry": None}
    collection = {"type": "FeatureCollection", "features": [feature, feature]}
    good = {"id": "20261210_1500", "today": collection, "tomorrow": collection}

    taken = sum(read_bulletin(json.dumps(mutated_json(good, chance)).encode()) is not None for _ in range(size))

    assert 0 < taken < size


def read_bulletin(body: bytes) -> Bulletin | None:
    try:
        return parse_bulletin(read_json(body), {"Bisenzio": "bisenzio"}, ZONE)
    except (InvalidNoticeError, MalformedBodyError):
        return None


@sizes
def test_a_text_in_commonmark_is_rendered_or_refused_by_name(size: int) -> None:
    chance = random.Random(size)  # noqa: S311 - spread, not secrecy

    shown = sum(rendered("".join(chance.choices(PARTS, k=chance.randint(1, 30)))) for _ in range(size))

    assert 0 < shown < size


def rendered(source: str) -> bool:
    """Whether a body can be posted; what cannot is refused in words."""
    try:
        body = checked_markup(source)
        parse_markup(body)
        return len(render(notice(texts={"it": {"title": "Titolo", "body": body}}), "it", FACTS)) > 0
    except (SpellingError, TooLong):
        return False

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The national bulletin of hydrogeological criticality, read as it is published: levels per zone, risk and day."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.alerts.colour import Colour
from app.domain.errors import InvalidNoticeError, MalformedBodyError
from app.domain.instant import checked_moment
from app.domain.spelling import SpellingError, checked_plain_text

LARGEST = 8 * 1024 * 1024
"""A day's GeoJSON has 5.5 MB, nearly all of it geometry, which may be left out."""
NAME, MAP = "Nome zona", "Rappresentata nella mappa"
RISKS = {
    "temporali": "Per rischio temporali",
    "idrogeologico": "Per rischio idrogeologico",
    "idraulico": "Per rischio idraulico",
}
LEVELS = {
    "NESSUNA ALLERTA": Colour.GREEN,
    "ALLERTA GIALLA": Colour.YELLOW,
    "ALLERTA ARANCIONE": Colour.ORANGE,
    "ALLERTA ROSSA": Colour.RED,
}
ID = re.compile(r"([0-9]{8})_([0-9]{4})")
MOST_ZONES, MOST_MEMBERS, LONGEST = 1000, 100, 300
DAYS = {"today": 0, "tomorrow": 1}
FORESIGHT = timedelta(days=2)
"""How far beyond its own day a bulletin reaches: to the end of tomorrow."""


@dataclass(frozen=True, slots=True)
class Level:
    """How grave a risk is, and the words in which the bulletin says so."""

    colour: Colour
    words: str


@dataclass(frozen=True, slots=True)
class ZoneDay:
    """What the bulletin says of one zone for one day, by risk."""

    zone: str
    day: date
    levels: Mapping[str, Level]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One issue: its published name, when it was issued, and what it says of the zones that were asked for."""

    name: str
    issued_at: datetime
    days: tuple[ZoneDay, ...]


def parse(body: bytes, zones: Mapping[str, str], zone: ZoneInfo) -> Bulletin:
    """Read {"id", "today", "tomorrow"} for these zones; whatever else it holds is passed over.

    Raises MalformedBodyError, and InvalidNoticeError with the place, also where none of the zones is in it.
    """
    given = _members(_json(body), "#")
    issued_at = _issued(given.get("id"), zone)
    present = [name for name in DAYS if name in given]
    if not present:
        raise InvalidNoticeError("today and tomorrow are missing.", pointer="#")
    days = [each for name in present for each in _day(given[name], name, issued_at.date(), zones)]
    if not days:
        raise InvalidNoticeError(
            "None of the zones that are told of here is in the bulletin.", pointer=f"#/{present[0]}"
        )
    return Bulletin(str(given["id"]), issued_at, tuple(days))


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise MalformedBodyError("The body is not JSON in UTF-8 with each member once.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_number(_: str) -> Any:
    raise ValueError("no number")


def _issued(name: object, zone: ZoneInfo) -> datetime:
    found = ID.fullmatch(name) if isinstance(name, str) and name.isascii() else None
    try:
        if found is not None:
            issued = datetime.strptime("".join(found.groups()), "%Y%m%d%H%M").replace(tzinfo=zone)
            checked_moment(issued + FORESIGHT)
            return checked_moment(issued)
    except (ValueError, OverflowError):
        pass  # a day that does not exist, or that is not near
    raise InvalidNoticeError("id is the name of the bulletin's files, such as 20261210_1500.", pointer="#/id")


def _day(given: object, name: str, issued: date, zones: Mapping[str, str]) -> list[ZoneDay]:
    here = f"#/{name}"
    collection = _members(given, here)
    features = collection.get("features")
    if collection.get("type") != "FeatureCollection" or not isinstance(features, list) or len(features) > MOST_ZONES:
        raise InvalidNoticeError("This is no FeatureCollection with the zones.", pointer=here)
    levels: dict[str, dict[str, Level]] = {}
    for place, feature in enumerate(features):
        where = f"{here}/features/{place}"
        properties = _members(_members(feature, where).get("properties"), f"{where}/properties")
        zone = properties.get(NAME)
        if isinstance(zone, str) and " ".join(zone.split()) in zones:
            _worse(levels.setdefault(" ".join(zone.split()), {}), properties, f"{where}/properties")
    day = issued + timedelta(days=DAYS[name])
    return [ZoneDay(zone, day, those) for zone, those in levels.items()]


def _worse(levels: dict[str, Level], properties: Mapping[str, Any], where: str) -> None:
    """Take the levels of a zone; where it stands in two pieces, the graver ones."""
    for risk, member in RISKS.items():
        level = _level(properties.get(member), f"{where}/{member}")
        if risk not in levels or level.colour > levels[risk].colour:
            levels[risk] = level


def _level(words: object, where: str) -> Level:
    if not isinstance(words, str) or len(words) > LONGEST:
        raise InvalidNoticeError("The level of a risk is missing.", pointer=where)
    try:
        plain = " ".join(checked_plain_text(" ".join(words.split())).split())
    except SpellingError as error:
        raise InvalidNoticeError(str(error), pointer=where) from None
    for ending, colour in LEVELS.items():
        if plain.upper().endswith(ending):
            return Level(colour, plain)
    raise InvalidNoticeError(f"A level ends with {', '.join(LEVELS)}.", pointer=where)


def _members(given: object, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise InvalidNoticeError("This is no object.", pointer=where)
    if len(given) > MOST_MEMBERS:
        raise InvalidNoticeError(f"More than {MOST_MEMBERS} members.", pointer=where)
    return given

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One day of the national bulletin: what it says of our zones, risk by risk, and what of that cannot be read."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.alerts.colour import Colour
from app.domain.errors import InvalidNoticeError
from app.domain.personal import certain
from app.domain.spelling import SpellingError, checked_plain_text

NAME = "Nome zona"
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
MOST_ZONES, MOST_MEMBERS, LONGEST = 1000, 100, 300
PERSONAL = "The words of a level hold the code of a person or an account."
MISSING = "A zone that is told of here is missing. Has it another name now?"


@dataclass(frozen=True, slots=True)
class Level:
    """How grave a risk is, and the words in which the bulletin says so."""

    colour: Colour
    words: str


@dataclass(frozen=True, slots=True)
class ZoneDay:
    """What the bulletin says of one zone for one day, by risk. `whole`: every risk could be read."""

    zone: str
    day: date
    levels: Mapping[str, Level]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Doubt:
    """What could not be read, and where: of one of our zones on a day, or of what may be one (no zone)."""

    day: date
    zone: str | None
    pointer: str
    detail: str


@dataclass(slots=True)
class Page:
    """A day as it is read: the levels by zone and risk, what is open, and what is wrong."""

    day: date
    levels: dict[str, dict[str, Level]] = field(default_factory=dict)
    unread: set[tuple[str, str]] = field(default_factory=set)
    doubts: list[Doubt] = field(default_factory=list)

    def days(self) -> list[ZoneDay]:
        """Give the zones with what could be read; a risk that one of its pieces leaves open is not told at all."""
        sure = {zone: self._sure(zone) for zone in self.levels}
        return [
            ZoneDay(zone, self.day, levels, whole=len(levels) == len(RISKS)) for zone, levels in sure.items() if levels
        ]

    def _sure(self, zone: str) -> dict[str, Level]:
        return {risk: level for risk, level in self.levels[zone].items() if (zone, risk) not in self.unread}

    def take(self, zone: str, properties: Mapping[str, Any], where: str) -> None:
        """Take the levels of a zone; where it stands in two pieces, the graver ones."""
        levels = self.levels.setdefault(zone, {})
        for risk, member in RISKS.items():
            try:
                level = _level(properties.get(member), f"{where}/{member}")
            except InvalidNoticeError as error:
                self.unread.add((zone, risk))
                self.doubt(error, zone)
                continue
            if risk not in levels or level.colour > levels[risk].colour:
                levels[risk] = level

    def doubt(self, error: InvalidNoticeError, zone: str | None = None) -> None:
        self.doubts.append(Doubt(self.day, zone, error.pointer or "#", error.detail))


def read_day(given: object, here: str, day: date, zones: Collection[str]) -> Page:
    """Read the collection of a day that stands `here`; whatever is wrong with one of its zones is a doubt.

    Raises InvalidNoticeError where it is no collection.
    """
    page, strange = Page(day), Page(day)
    for zone, properties, where in _named(_features(given, here), here, strange):
        if zone in zones:
            page.take(zone, properties, where)
    missing = [zone for zone in zones if zone not in page.levels]
    if missing:  # it may be among what is no zone at all
        page.doubts += strange.doubts
    for zone in missing:
        page.doubt(InvalidNoticeError(MISSING, pointer=here), zone)
    return page


def _named(features: Iterable[object], here: str, strange: Page) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Give the name, the properties and the place of each zone; what is none is noted as strange."""
    for place, feature in enumerate(features):
        try:
            properties = _properties(feature, f"{here}/features/{place}")
        except InvalidNoticeError as error:
            strange.doubt(error)
        else:
            name = properties.get(NAME)
            zone = " ".join(name.split()) if isinstance(name, str) else ""
            yield zone, properties, f"{here}/features/{place}/properties"


def _properties(feature: object, where: str) -> dict[str, Any]:
    return members(members(feature, where).get("properties"), f"{where}/properties")


def _features(given: object, here: str) -> list[Any]:
    collection = members(given, here)
    features = collection.get("features")
    if collection.get("type") != "FeatureCollection" or not isinstance(features, list) or len(features) > MOST_ZONES:
        raise InvalidNoticeError("This is no FeatureCollection with the zones.", pointer=here)
    return features


def _level(words: object, where: str) -> Level:
    if not isinstance(words, str) or len(words) > LONGEST:
        raise InvalidNoticeError("The level of a risk is missing.", pointer=where)
    try:
        plain = " ".join(checked_plain_text(" ".join(words.split())).split())
    except SpellingError as error:
        raise InvalidNoticeError(str(error), pointer=where) from None
    if any(certain(plain)):
        raise InvalidNoticeError(PERSONAL, pointer=where)
    for ending, colour in LEVELS.items():
        if plain.upper().endswith(ending):
            return Level(colour, plain)
    raise InvalidNoticeError(f"A level ends with {', '.join(LEVELS)}.", pointer=where)


def members(given: object, where: str) -> dict[str, Any]:
    """Give an object that is no larger than ours are; InvalidNoticeError with its place."""
    if not isinstance(given, dict):
        raise InvalidNoticeError("This is no object.", pointer=where)
    if len(given) > MOST_MEMBERS:
        raise InvalidNoticeError(f"More than {MOST_MEMBERS} members.", pointer=where)
    return given

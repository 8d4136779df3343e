# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The national bulletin of hydrogeological criticality, read as it is published: levels per zone, risk and day."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.alerts.bulletin_day import Doubt, ZoneDay, members, read_day
from app.domain.errors import InvalidNoticeError, UnfitNowError
from app.domain.instant import checked_moment

MEDIA_TYPE = "application/vnd.campanella.bulletin+json"
LARGEST = 8 * 1024 * 1024
"""A day's GeoJSON has 5.5 MB, nearly all of it geometry, which may be left out."""
ID = re.compile(r"([0-9]{8})_([0-9]{4})")
DAYS = {"today": 0, "tomorrow": 1}
FORESIGHT = timedelta(days=2)
"""How far beyond its own day a bulletin reaches: to the end of tomorrow."""
MOST_PLACES = 20
NOTHING = "Nothing of the zones that are told of here can be read in the bulletin."


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One issue: its published name, when it was issued, what it says of the zones asked for, and what is wrong."""

    name: str
    issued_at: datetime
    days: tuple[ZoneDay, ...]
    doubts: tuple[Doubt, ...] = ()


def parse(body: object, zones: Collection[str], zone: ZoneInfo) -> Bulletin:
    """Read {"id", "today", "tomorrow"} for these zones; whatever else it holds is passed over.

    A part that is wrong is a doubt, and the rest is read. Raises InvalidNoticeError with every place (UnfitNowError,
    since other zones may be asked for) where nothing of the zones can be read at all.
    """
    given = members(body, "#")
    issued_at = _issued(given.get("id"), zone)
    present = [name for name in DAYS if name in given]
    if not present:
        raise InvalidNoticeError("today and tomorrow are missing.", pointer="#")
    first = issued_at.date()
    pages = [read_day(given[name], f"#/{name}", first + timedelta(days=DAYS[name]), zones) for name in present]
    days, doubts = [day for page in pages for day in page.days()], [doubt for page in pages for doubt in page.doubts]
    if not days:
        places = [{"pointer": each.pointer, "detail": each.detail, "rule": "invalid-notice"} for each in doubts]
        raise UnfitNowError(NOTHING, errors=places[:MOST_PLACES])
    return Bulletin(str(given["id"]), issued_at, tuple(days), tuple(doubts))


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

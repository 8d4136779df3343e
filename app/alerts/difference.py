# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a bulletin says that has not been told yet, as a notice in Italian, the bulletin's own language."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from babel.dates import format_date, format_time

from app.alerts.bulletin import Bulletin
from app.alerts.bulletin_day import Level, ZoneDay
from app.alerts.colour import Colour
from app.alerts.notices import SERVICE, plain
from app.domain.dates import folded
from app.domain.notice import Audience, Kind, Link, Notice, Priority, Text

EVENT_SOURCE = "urn:dpc:bollettino-criticita"
PAGE = "https://mappe.protezionecivile.gov.it/it/mappe-rischi/bollettino-di-criticita/"
TITLE = "Bollettino di criticità nazionale"
DATA = "Dati: Presidenza del Consiglio dei Ministri, Dipartimento della Protezione Civile, CC BY 4.0."
FEMININE = {Colour.YELLOW: "gialla", Colour.ORANGE: "arancione", Colour.RED: "rossa"}
LAST_MINUTE = time(23, 59)


@dataclass(frozen=True, slots=True)
class Told:
    """What was told last of a risk in a zone on a day: the level, by which event."""

    colour: Colour
    event_id: str


def changes(said: ZoneDay, told: Mapping[str, Told]) -> dict[str, Level]:
    """Give the risks whose level differs from what was told; of a green one nobody was told, nothing is new."""
    before = {risk: told[risk].colour if risk in told else Colour.GREEN for risk in said.levels}
    return {risk: level for risk, level in said.levels.items() if level.colour != before[risk]}


def event_id(bulletin: Bulletin, said: ZoneDay) -> str:
    """Name what an issue says first of a zone and a day, so that a repeated bulletin makes the same notice."""
    zone = re.sub(r"[^a-z0-9]+", "-", folded(said.zone)).strip("-") or "zona"
    return f"bollettino/{bulletin.name}/{said.day}/{zone}"


def notice_of(
    bulletin: Bulletin, said: ZoneDay, changed: Mapping[str, Level], told: Mapping[str, Told], area: str
) -> Notice:
    """Tell what has changed for one zone and one day, in the bulletin's words, and nothing else."""
    zone = bulletin.issued_at.tzinfo
    start, worst = datetime.combine(said.day, time(), zone), max(level.colour for level in changed.values())
    return Notice(
        event_id=event_id(bulletin, said),
        service=SERVICE,
        kind=Kind.ALERT if worst > Colour.GREEN else Kind.ALL_CLEAR,
        priority=worst.priority if worst > Colour.GREEN else Priority.NORMAL,
        texts={"it": Text(title=_title(said, changed, worst), body=_body(bulletin, said, changed, told))},
        audience=Audience(areas=[area]),
        valid_from=max(start, bulletin.issued_at),
        valid_until=datetime.combine(said.day, LAST_MINUTE, zone),
        expires_at=datetime.combine(said.day + timedelta(days=1), time(), zone),
        links=[Link(title=TITLE, href=PAGE)],
        supersedes=_replaced(changed, told),
    )


def _replaced(changed: Mapping[str, Level], told: Mapping[str, Told]) -> str | None:
    """Name the notice that this one replaces, if it does so wholly: what else was told by it would be lost with it."""
    still = {each.event_id for risk, each in told.items() if risk not in changed}
    return next((told[risk].event_id for risk in changed if risk in told and told[risk].event_id not in still), None)


def _title(said: ZoneDay, changed: Mapping[str, Level], worst: Colour) -> str:
    day = format_date(said.day, "EEEE d MMMM y", locale="it")
    if worst is Colour.GREEN:
        return f"Nessuna allerta per rischio {_and(list(changed))}, {day}"
    groups = [
        f"{FEMININE[colour]} per rischio {_and([risk for risk, level in changed.items() if level.colour is colour])}"
        for colour in sorted(FEMININE, reverse=True)
        if any(level.colour is colour for level in changed.values())
    ]
    return f"Allerta {_and(groups)}, {day}"


def _body(bulletin: Bulletin, said: ZoneDay, changed: Mapping[str, Level], told: Mapping[str, Told]) -> str:
    issued = bulletin.issued_at
    at = f"{format_date(issued, 'd MMMM y', locale='it')} alle {format_time(issued, 'H.mm', locale='it')}"
    day = format_date(said.day, "EEEE d MMMM y", locale="it")
    paragraphs = [
        f"{TITLE} del Dipartimento della Protezione Civile emesso il {at}, per {day}.",
        f"Zona di allerta: {said.zone}.",
        *(_line(risk, level, told.get(risk)) for risk, level in changed.items()),
        DATA,
    ]
    return "\n\n".join(plain(paragraph) for paragraph in paragraphs)


def _line(risk: str, level: Level, before: Told | None) -> str:
    was = "" if before is None else f" (prima: {_named(before.colour)})"
    return f"Rischio {risk}: {level.words}{was}"


def _named(colour: Colour) -> str:
    return f"allerta {FEMININE[colour]}" if colour in FEMININE else "nessuna allerta"


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} e {parts[-1]}"

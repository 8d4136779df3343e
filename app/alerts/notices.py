# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Makes a notice of what an authority says: its words as they are, its colour also in words, nothing added."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from app.alerts.cap import Alert, Info
from app.alerts.colour import colour_in
from app.alerts.words import Words, named, words_for
from app.domain.errors import InvalidNoticeError
from app.domain.links import checked_link
from app.domain.notice import EXERCISE, Kind, Notice, Priority
from app.domain.spelling import SpellingError

SERVICE = "allerta-meteo"
LONGEST_TITLE = 200
LONGEST_NAME = 120
LONGEST_STEP, MOST_STEPS = 300, 12
MARKS = str.maketrans({mark: f"\\{mark}" for mark in r"\`*_{}[]<>()#+-.!|~&=:"})
GRAVE = ("Extreme", "Severe")
Zones = Mapping[str, str]
"""What an authority calls an area, and what the channels of this installation call it."""


def notice_of(alert: Alert, event_id: str, zones: Zones) -> Notice:
    """Make the notice of an Alert or Update; InvalidNoticeError where it cannot be shown."""
    return made(
        alert,
        event_id,
        kind=Kind.ALERT,
        priority=priority_of(alert),
        texts={info.language: _text(alert, info) for info in alert.infos},
        audience={"areas": areas(alert, zones)},
        **_times(alert),
    )


def all_clear_of(alert: Alert, event_id: str, earlier: Notice) -> Notice:
    """Make the notice that ends an earlier one, with the authority's words, or else with fixed ones."""
    texts = _of_the_end(alert)
    return made(
        alert,
        event_id,
        kind=Kind.ALL_CLEAR,
        priority=Priority.NORMAL,
        texts=texts or {language: _ended(language, text.title) for language, text in earlier.texts.items()},
        audience=earlier.audience.model_dump(),
        supersedes=earlier.event_id,
    )


def said_of(alert: Alert, zones: Zones) -> Notice:
    """Make a notice of all that a message says itself, to be judged before anything is changed."""
    if not alert.clears:
        return notice_of(alert, alert.identifier, zones)
    title = (EXERCISE if alert.test else "") + alert.identifier
    return made(alert, alert.identifier, texts=_of_the_end(alert) or {"it": _ended("it", title)})


def link_of(info: Info) -> str | None:
    """Give the address as it is shown, or None: one that is none is no reason to keep an alert back."""
    try:
        return checked_link(info.web)
    except SpellingError:
        return None


def made(alert: Alert, event_id: str, **members: Any) -> Notice:
    """Put a notice together and check it as if it had been handed in."""
    try:
        return Notice.model_validate(
            {"event_id": event_id, "service": SERVICE, "test": alert.test, "links": _links(alert), **members}
        )
    except ValidationError as error:
        rows = error.errors(include_url=False, include_context=False, include_input=False)
        place = "/".join(str(part) for part in rows[0]["loc"])
        complaint = str(rows[0]["msg"]).removeprefix("Value error, ")
        raise InvalidNoticeError(f"The alert makes no notice: {place}: {complaint}", pointer="#/alert") from None


def areas(alert: Alert, zones: Zones) -> list[str]:
    """Give the areas that are told; one whose description is no name means everyone, so that nobody is left out."""
    described = list(dict.fromkeys(area for info in alert.infos for area in info.areas))
    known = [zones.get(area, area) for area in described]
    return [] if any(len(area) > LONGEST_NAME for area in known) else known


def priority_of(alert: Alert) -> Priority:
    found = [
        info.colour.priority
        if info.colour is not None
        else (Priority.URGENT if info.severity in GRAVE else Priority.NORMAL)
        for info in alert.infos
    ]
    return Priority.URGENT if Priority.URGENT in found else Priority.NORMAL


def _times(alert: Alert) -> dict[str, datetime | None]:
    begins = [info.begins for info in alert.infos if info.begins is not None]
    ends = [info.expires for info in alert.infos if info.expires is not None]
    last = max(ends) if len(ends) == len(alert.infos) else None
    return {"valid_from": min(begins, default=None), "valid_until": last, "expires_at": last}


def _of_the_end(alert: Alert) -> dict[str, dict[str, Any]]:
    return {info.language: _text(alert, info) for info in alert.infos if info.headline or info.description}


def _text(alert: Alert, info: Info) -> dict[str, Any]:
    said = info.headline or info.event
    text: dict[str, Any] = {"title": _title(said, test=alert.test)}
    steps = info.instruction.splitlines()
    fit = len(steps) <= MOST_STEPS and all(0 < len(step) <= LONGEST_STEP for step in steps)
    body = "\n\n".join(_paragraphs(info, said, words_for(info.language), instruction="" if fit else info.instruction))
    return {**text, **({"body": body} if body else {}), "what_to_do": steps if fit else []}


def _title(said: str, *, test: bool) -> str:
    title = (EXERCISE if test else "") + said
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 2].rstrip()} …"


def _paragraphs(info: Info, said: str, words: Words, *, instruction: str) -> Iterator[str]:
    if len(said) > LONGEST_TITLE - len(EXERCISE):
        yield plain(said)
    where = words.between.join(info.areas)
    yield from filter(None, (_grade(info, said, words), where and plain(words.areas.format(where))))
    yield from filter(None, (plain(info.description), plain(instruction)))
    named_texts = ((words.source, info.sender_name), (words.contact, info.contact))
    yield from (plain(form.format(text)) for form, text in named_texts if text)


def _grade(info: Info, said: str, words: Words) -> str:
    """Say the colour in words where the headline does not; without a colour, how grave the authority calls it."""
    if info.colour is not None:
        return "" if colour_in(said) == info.colour else plain(words.colour.format(named(info.colour, words)))
    severity = words.severities.get(info.severity)
    return plain(words.severity.format(severity)) if severity else ""


def _ended(language: str, title: str) -> dict[str, Any]:
    words, prefix = words_for(language), EXERCISE if title.startswith(EXERCISE) else ""
    said = prefix + words.cancelled.format(title.removeprefix(EXERCISE))
    return {"title": _title(said, test=False), "body": plain(words.cancelled_by)}


def _links(alert: Alert) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for info in alert.infos:
        if (href := link_of(info)) is not None:
            found.setdefault(href, words_for(info.language).page)
    return [{"title": title, "href": href} for href, title in list(found.items())[:10]]


def plain(text: str) -> str:
    """Write plain text as CommonMark that shows exactly this text, line by line."""
    paragraphs = re.split(r"\n{2,}", text.translate(MARKS))
    return "\n\n".join(paragraph.replace("\n", "\\\n") for paragraph in paragraphs)

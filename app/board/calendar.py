# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""iCalendar (RFC 5545, 7986): from when until when notices hold, and when a term ends."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText

from app.board.entry import Entry
from app.board.feed import Feed
from app.domain.notice import Kind

TYPE = "text/calendar; charset=utf-8"
PRODUCT = "-//Comune di Prato//Campanella//IT"
OFTEN = timedelta(minutes=30)
LAST_MINUTE = time(23, 59)


@dataclass(frozen=True, slots=True)
class Span:
    """One event of a notice: `mark` goes into its name and before its title."""

    mark: str
    label: str
    start: datetime
    end: datetime | None


def calendar(feed: Feed, entries: Sequence[Entry]) -> bytes:
    """Write an event for every notice with a time; what holds no longer is cancelled, so that calendars drop it."""
    telling = feed.telling
    root = Calendar()
    root.add("prodid", PRODUCT)
    root.add("version", "2.0")
    root.add("calscale", "GREGORIAN")
    root.add("method", "PUBLISH")
    root.add("uid", feed.id.removeprefix("urn:uuid:"))
    for name in ("name", "x-wr-calname"):
        root.add(name, feed.title)
    root.add("url", feed.page)
    root.add("source", feed.address, parameters={"VALUE": "URI"})
    root.add("refresh-interval", OFTEN, parameters={"VALUE": "DURATION"})
    root.add("x-published-ttl", "PT30M")
    for entry in entries:
        for span in spans(entry, telling.words.starts, telling.words.deadline):
            root.add_component(_event(feed, entry, span))
    written: bytes = root.to_ical()
    return written


def spans(entry: Entry, starts: str, deadline: str) -> Iterator[Span]:
    """Give the times of a notice: a term has a beginning and an end, not weeks that fill a calendar."""
    first, last = entry.shown.valid_from, entry.shown.valid_until
    if entry.shown.kind is Kind.DEADLINE:
        if first is not None:
            yield Span("start", f"{starts}: ", first, None)
        if last is not None:
            yield Span("deadline", f"{deadline}: ", last, None)
    elif first is not None or last is not None:
        yield Span("validity", "", first or last or entry.posted_at, last if first is not None else None)


def _event(feed: Feed, entry: Entry, span: Span) -> Event:
    telling, shown = feed.telling, entry.shown
    event = Event()
    event.add("uid", str(feed.number(entry, span.mark)))
    event.add("dtstamp", entry.updated.astimezone(UTC))
    event.add("last-modified", entry.updated.astimezone(UTC))
    event.add("created", entry.posted_at.astimezone(UTC))
    event.add("sequence", entry.sequence)
    event.add("status", "CONFIRMED" if entry.holds else "CANCELLED")
    for name, text in (("summary", span.label + telling.title(entry)), ("description", telling.text(entry))):
        event.add(name, vText(text, params={"LANGUAGE": shown.language}))
    event.add("categories", [shown.service_name])
    event.add("url", telling.link(entry))
    event.add("transp", "TRANSPARENT")
    _times(event, span, ZoneInfo(telling.zone))
    return event


def _times(event: Event, span: Span, zone: ZoneInfo) -> None:
    """Whole days as days, all else as moments in UTC, so that no time zone has to come along."""
    start, end = span.start.astimezone(zone), span.end.astimezone(zone) if span.end else None
    last = None if end is None else _last_day(end)
    if start.time() == time.min and last is not None:
        event.add("dtstart", start.date())
        event.add("dtend", last + timedelta(days=1))
        return
    event.add("dtstart", start.astimezone(UTC))
    if end is not None:
        event.add("dtend", end.astimezone(UTC))


def _last_day(end: datetime) -> date | None:
    """Give the day whose end is meant, or None where an hour is."""
    if end.time() == time.min:
        return end.date() - timedelta(days=1)
    return end.date() if end.time().replace(second=0, microsecond=0) == LAST_MINUTE else None

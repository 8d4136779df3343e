# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""When a notice holds, in words."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from app.domain.words import Words

_LAST_MINUTE = time(23, 59)
_ELIDED = re.compile(r"\b(d?all)e (?=1\.)")  # Italian: at one o'clock the article is in the singular


def when(start: datetime | None, end: datetime | None, zone: str, words: Words) -> str:
    """Say from when until when; a day's first and last minute mean the whole day. Empty where neither is known."""
    first = start.astimezone(ZoneInfo(zone)) if start else None
    last = _before_midnight(end.astimezone(ZoneInfo(zone))) if end else None
    return _elided(_sentence(first, last, words))


def stamped(undated: str, dated: str, at: datetime | None, zone: str, words: Words) -> str:
    """A line about a change, with its date and time where they are known."""
    if at is None:
        return undated
    local = at.astimezone(ZoneInfo(zone))
    date = format_date(local, words.stamp, locale=words.locale)
    return _elided(dated.format(date=date, time=_clock(local, words)))


@dataclass(frozen=True, slots=True)
class _Moment:
    """A day in words, and a time of day unless the day's edge is meant."""

    day: str
    time: str | None

    def spoken(self, words: Words) -> str:
        return self.day if self.time is None else words.moment.format(day=self.day, time=self.time)


def _sentence(first: datetime | None, last: datetime | None, words: Words) -> str:
    pattern = words.dated if first and last and first.year != last.year else words.date
    start = _moment(first, time.min, pattern, words) if first else None
    end = _moment(last, _LAST_MINUTE, pattern, words) if last else None
    if start and end:
        return _both(start, end, words)
    if start:
        return words.since.format(start=start.spoken(words))
    return words.until.format(end=end.spoken(words)) if end else ""


def _both(start: _Moment, end: _Moment, words: Words) -> str:
    if start.day != end.day:
        return words.span.format(start=start.spoken(words), end=end.spoken(words))
    if start == end:
        return start.spoken(words)
    if start.time and end.time:
        return words.within.format(day=start.day, start=start.time, end=end.time)
    if start.time:
        return words.within_from.format(day=start.day, start=start.time)
    return words.within_until.format(day=start.day, end=end.time)


def _moment(local: datetime, edge: time, pattern: str, words: Words) -> _Moment:
    day = format_date(local, pattern, locale=words.locale)
    return _Moment(day, None if local.time().replace(second=0, microsecond=0) == edge else _clock(local, words))


def _before_midnight(local: datetime) -> datetime:
    """An end at midnight is the end of the day before."""
    return local - timedelta(minutes=1) if local.time() == time.min else local


def _clock(local: datetime, words: Words) -> str:
    """The time of day; in the hour that happens twice in autumn, which of the two."""
    spoken = format_time(local, words.clock, locale=words.locale)
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return spoken
    return (words.summer if local.fold == 0 else words.winter).format(time=spoken)


def _elided(sentence: str) -> str:
    return _ELIDED.sub(r"\1'", sentence)

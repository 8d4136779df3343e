# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Dates with their weekday as people write them, and whether the two agree."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from babel import Locale, UnknownLocaleError

_CHINESE = re.compile(
    r"(?:(\d{4})\s?年\s?)?(\d{1,2})\s?月\s?(\d{1,2})\s?[日号號]\s?[（(]?\s?(?:星期|周|週|礼拜|禮拜)([一二三四五六日天])"
)
_CHINESE_DAYS = "一二三四五六日"
_NUMERIC = r"(?P<day>\d{1,2})[./-](?P<number>\d{1,2})(?:[./-](?P<year>\d{4}))?"
_OTHERS = ("it", "en")
"""Languages that are looked for in every text."""


def wrong_dates(text: str, language: str, near: date) -> Iterator[str]:
    """Name what is wrong with each date that stands beside a weekday: weekday_differs or no_such_date.

    A date without a year is of the year in which it is nearest to `near`.
    """
    for weekday, year, month, day in dict.fromkeys(_mentions(text, language)):
        try:
            meant = _meant(year, month, day, near)
        except ValueError:
            yield "no_such_date"
            continue
        if meant.weekday() != weekday:
            yield "weekday_differs"


def _mentions(text: str, language: str) -> Iterator[tuple[int, int | None, int, int]]:
    """Every weekday with its year (or None), month and day."""
    for found in _CHINESE.finditer(text):
        year, month, day, sign = found.groups()
        yield _CHINESE_DAYS.index(sign.replace("天", "日")), int(year) if year else None, int(month), int(day)
    plain = folded(text)
    for tag in dict.fromkeys((language.partition("-")[0], *_OTHERS)):
        yield from _written(plain, tag)


def _written(plain: str, tag: str) -> Iterator[tuple[int, int | None, int, int]]:
    days, months, forms = _names(tag)
    for form in forms:
        for found in form.finditer(plain):
            parts = found.groupdict()
            month = months[parts["month"]] if "month" in parts else int(parts["number"])
            yield days[parts["weekday"]], int(parts["year"]) if parts["year"] else None, month, int(parts["day"])


@lru_cache(maxsize=32)
def _names(tag: str) -> tuple[dict[str, int], dict[str, int], tuple[re.Pattern[str], ...]]:
    """The names of days (Monday is 0) and months (January is 1) in a language, and the forms that use them."""
    try:
        locale = Locale.parse(tag)
    except (UnknownLocaleError, ValueError):
        return {}, {}, ()
    contexts = ("format", "stand-alone")
    days = {folded(name): day for each in contexts for day, name in locale.days[each]["wide"].items()}
    months = {folded(name): month for each in contexts for month, name in locale.months[each]["wide"].items()}
    weekday = rf"\b(?P<weekday>{_either(days)})'?,?\s+"
    month, gap = rf"(?P<month>{_either(months)})", r"(?:\s+(?:de|del|di|of)\b)?\s+"
    year = rf"(?:,?{gap}(?P<year>\d{{4}})\b)?"
    first = rf"(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|º|°|o|er)?{gap}{month}\b{year}"
    second = rf"{month}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b{year}"
    return days, months, tuple(re.compile(weekday + form) for form in (first, second, _NUMERIC))


def _either(names: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


def folded(text: str) -> str:
    """The text in small letters without accents, as hurried people write it."""
    return "".join(sign for sign in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(sign))


def _meant(year: int | None, month: int, day: int, near: date) -> date:
    if year is not None:
        return date(year, month, day)
    leap = (month, day) == (2, 29)
    years = range(near.year - 4, near.year + 5) if leap else range(near.year - 1, near.year + 2)
    candidates = [found for each in years if (found := _date(each, month, day)) is not None]
    if not candidates:
        raise ValueError("no year has this date")
    return min(candidates, key=lambda found: abs((found - near).days))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

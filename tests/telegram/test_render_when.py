# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""When a notice holds, in words of three languages, on ordinary days and in the nights when the clock is changed."""

from datetime import UTC, datetime

import pytest
from babel.localedata import locale_identifiers

from app.domain.when import stamped, when
from app.domain.words import name_of, words_for
from workers.telegram.render import HEAD_ROOM

ROME = "Europe/Rome"
LANGUAGES = ("it", "zh-Hans", "en")


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (
            "2026-11-27T11:30:00+01:00",
            "2026-11-27T14:30:00+01:00",
            ("venerdì 27 novembre, 11.30-14.30", "11月27日（星期五）11:30–14:30", "Friday 27 November, 11:30–14:30"),
        ),
        (
            "2026-11-30T07:00:00+01:00",
            "2026-12-18T17:00:00+01:00",
            (
                "da lunedì 30 novembre alle 7.00 a venerdì 18 dicembre alle 17.00",
                "11月30日（星期一）7:00至12月18日（星期五）17:00",
                "from Monday 30 November at 7:00 to Friday 18 December at 17:00",
            ),
        ),
        (
            "2026-12-11T00:00:00+01:00",
            "2026-12-11T23:59:00+01:00",
            ("venerdì 11 dicembre", "12月11日（星期五）", "Friday 11 December"),
        ),
        (
            "2026-12-11T00:00:00+01:00",
            "2026-12-12T00:00:00+01:00",
            ("venerdì 11 dicembre", "12月11日（星期五）", "Friday 11 December"),
        ),
        (
            "2026-12-02T00:00:00+01:00",
            "2026-12-18T23:59:59+01:00",
            (
                "da mercoledì 2 dicembre a venerdì 18 dicembre",
                "12月2日（星期三）至12月18日（星期五）",
                "from Wednesday 2 December to Friday 18 December",
            ),
        ),
        (
            "2026-12-23T13:00:00+01:00",
            "2027-01-06T23:59:00+01:00",
            (
                "da mercoledì 23 dicembre 2026 alle 13.00 a mercoledì 6 gennaio 2027",
                "2026年12月23日（星期三）13:00至2027年1月6日（星期三）",
                "from Wednesday 23 December 2026 at 13:00 to Wednesday 6 January 2027",
            ),
        ),
        (
            "2026-12-11T14:00:00+01:00",
            "2026-12-11T23:59:00+01:00",
            ("venerdì 11 dicembre, dalle 14.00", "12月11日（星期五）14:00起", "Friday 11 December, from 14:00"),
        ),
        (
            "2026-12-11T00:00:00+01:00",
            "2026-12-11T14:00:00+01:00",
            ("venerdì 11 dicembre, fino alle 14.00", "12月11日（星期五）14:00前", "Friday 11 December, until 14:00"),
        ),
        (
            "2026-12-11T22:00:00+01:00",
            "2026-12-12T01:05:00+01:00",
            (
                "da venerdì 11 dicembre alle 22.00 a sabato 12 dicembre all'1.05",
                "12月11日（星期五）22:00至12月12日（星期六）1:05",
                "from Friday 11 December at 22:00 to Saturday 12 December at 1:05",
            ),
        ),
        (
            "2026-12-11T13:00:00+01:00",
            "2026-12-11T13:00:30+01:00",
            ("venerdì 11 dicembre alle 13.00", "12月11日（星期五）13:00", "Friday 11 December at 13:00"),
        ),
        (
            "2026-11-30T06:00:00Z",
            None,
            ("da lunedì 30 novembre alle 7.00", "11月30日（星期一）7:00起", "from Monday 30 November at 7:00"),
        ),
        (
            "2026-11-30T00:00:00+01:00",
            None,
            ("da lunedì 30 novembre", "11月30日（星期一）起", "from Monday 30 November"),
        ),
        (
            None,
            "2026-12-18T17:00:00+01:00",
            ("entro venerdì 18 dicembre alle 17.00", "12月18日（星期五）17:00截止", "by Friday 18 December at 17:00"),
        ),
        (
            None,
            "2026-12-18T23:59:00+01:00",
            ("entro venerdì 18 dicembre", "12月18日（星期五）截止", "by Friday 18 December"),
        ),
        (
            None,
            "2026-12-19T00:00:00+01:00",
            ("entro venerdì 18 dicembre", "12月18日（星期五）截止", "by Friday 18 December"),
        ),
        (None, None, ("", "", "")),
        (
            "2027-03-28T01:30:00+01:00",
            "2027-03-28T03:30:00+02:00",
            ("domenica 28 marzo, 1.30-3.30", "3月28日（星期日）1:30–3:30", "Sunday 28 March, 1:30–3:30"),
        ),
        (
            "2027-10-31T02:30:00+02:00",
            "2027-10-31T02:30:00+01:00",
            (
                "domenica 31 ottobre, 2.30 (ora legale)-2.30 (ora solare)",
                "10月31日（星期日）2:30（夏令时）–2:30（冬令时）",
                "Sunday 31 October, 2:30 (summer time)–2:30 (winter time)",
            ),
        ),
        (
            "2027-10-31T00:00:00+02:00",
            "2027-10-31T23:59:00+01:00",
            ("domenica 31 ottobre", "10月31日（星期日）", "Sunday 31 October"),
        ),
        (
            "2027-10-30T00:00:00+02:00",
            "2027-11-01T00:00:00+01:00",
            (
                "da sabato 30 ottobre a domenica 31 ottobre",
                "10月30日（星期六）至10月31日（星期日）",
                "from Saturday 30 October to Sunday 31 October",
            ),
        ),
    ],
    ids=lambda case: case[0] if isinstance(case, tuple) else "",
)
def test_a_period_is_said_as_people_say_it(start: str | None, end: str | None, said: tuple[str, str, str]) -> None:
    first, last = (datetime.fromisoformat(moment) if moment else None for moment in (start, end))

    assert tuple(when(first, last, ROME, words_for(language)) for language in LANGUAGES) == said


def test_times_are_told_in_the_zone_of_the_municipality() -> None:
    noon = datetime(2026, 11, 27, 12, tzinfo=UTC)

    assert when(noon, None, "Asia/Shanghai", words_for("it")) == "da venerdì 27 novembre alle 20.00"


def test_a_change_is_stamped_with_its_date_and_time() -> None:
    at = datetime(2026, 12, 10, 0, 20, tzinfo=UTC)
    said = [stamped("", words_for(tag).withdrawn_at, at, ROME, words_for(tag)) for tag in (*LANGUAGES, "zh-TW")]

    assert said == [
        "AVVISO RITIRATO, all'1.20 del giorno 10 dicembre 2026",
        "【已撤回】本通知已于2026年12月10日1:20撤回",
        "NOTICE WITHDRAWN, at 1:20 on 10 December 2026",
        "【已撤回】本通知已于2026年12月10日1:20撤回",
    ]


def test_other_languages_have_their_own_dates_between_english_words() -> None:
    noon = datetime(2026, 11, 27, 12, tzinfo=UTC)

    assert when(noon, None, ROME, words_for("de")) == "from Freitag, 27. November 2026 at 13:00"
    assert when(noon, None, ROME, words_for("ro-RO")) == "from vineri, 27 noiembrie 2026 at 13:00"
    assert when(noon, None, ROME, words_for("xx")) == "from Friday 27 November at 13:00"


def test_languages_are_called_by_their_name_in_the_readers_language() -> None:
    named = [name_of("zh-Hans", words_for("it")), name_of("it", words_for("zh-Hant")), name_of("it", words_for("ur"))]

    assert [*named, name_of("qqq", words_for("en"))] == ["cinese", "義大利文", "Italian", "qqq"]


def test_the_room_kept_above_a_post_holds_every_change_in_every_language() -> None:
    at = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    for identifier in locale_identifiers():
        words = words_for(identifier.replace("_", "-"))
        lines = [stamped("", line, at, ROME, words) for line in (words.withdrawn_at, words.corrected_at)]

        assert max(len(words.preview), len(words.taken_out)) + 4 + max(map(len, lines)) <= HEAD_ROOM

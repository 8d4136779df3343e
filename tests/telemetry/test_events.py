# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One catalogue of events: what the code logs is in it, what is in it is logged, and all of it is documented."""

import re

import pytest

from app.telemetry import EVENTS
from tests.repository.files import ROOT, read, tracked
from tests.telemetry.logged import Logged, logged, loggers

SOURCES = {str(path.relative_to(ROOT)): read(str(path)) for path in tracked("app/**.py", "app/*.py", "workers/**.py")}
MAKES_LOGGERS = {"app/telemetry.py", "app/cli.py"}
"""Telemetry makes the loggers; the command line prints what it is asked for."""
AWAITED: set[str] = set()
CATALOGUE = read("deploy/log-events.md")
ROW = re.compile(r"^\| `([a-z]+\.[a-z]+)` \| [a-z, ]+ \| ([^|]+) \|[^|]*\|$", re.MULTILINE)
FIELD = re.compile(r"^\| `([a-z_]+)` \| [^|]+ \|$", re.MULTILINE)


def test_the_code_logs_only_what_is_in_the_catalogue() -> None:
    unknown = {
        f"{path}:{each.line}" for path, source in SOURCES.items() for each in logged(source) if not each.names(EVENTS)
    }

    assert unknown == set()


def test_everything_in_the_catalogue_is_logged_somewhere() -> None:
    used = {name for source in SOURCES.values() for each in logged(source) for name in each.names(EVENTS)}

    assert EVENTS.keys() - used - AWAITED - {"log.unreadable"} == set()
    assert '"event": "log.unreadable"' in SOURCES["app/lines.py"]


def test_nobody_has_a_logger_past_the_catalogue() -> None:
    own = {
        f"{path}:{line}" for path, source in SOURCES.items() if path not in MAKES_LOGGERS for line in loggers(source)
    }

    assert own == set()


def test_every_event_is_documented_in_the_same_words() -> None:
    assert dict(ROW.findall(CATALOGUE)) == EVENTS


def test_every_field_is_documented_and_no_other() -> None:
    given = {field for source in SOURCES.values() for each in logged(source) for field in each.fields} | {"line"}

    assert set(FIELD.findall(CATALOGUE)) == given


def test_the_names_are_two_words_with_a_dot_between() -> None:
    assert [name for name in EVENTS if not re.fullmatch(r"[a-z]+\.[a-z_]+", name)] == []


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('log.info("a.b", x=1)', ["a.b"]),
        ('log.bind(y=2).warning("a.b")', ["a.b"]),
        ('self._log.exception("a.c")', ["a.c"]),
        ('log.log(20, "a.b")', ["a.b"]),
        ('(log.debug if quiet else log.info)("a.b")', ["a.b"]),
        ('log.info("a.b" if x else "a.c")', ["a.b", "a.c"]),
        ('log.info(f"a.{x.state}")', ["a.due"]),
        ('def f():\n  event = "a.b" if x else "a.c"\n  log.info(event)', ["a.b", "a.c"]),
        ('math.log(5)\nblog.info("x")', None),
        ("log.info(event)", []),
        ('log.info("not.there")', []),
        ("log.error()", []),
    ],
)
def test_every_way_to_write_a_log_call_is_understood(call: str, expected: list[str] | None) -> None:
    found: list[Logged] = logged(call)

    names = sorted({name for each in found for name in each.names({"a.b": "", "a.c": "", "a.due": ""})})
    assert (names if found else None) == expected

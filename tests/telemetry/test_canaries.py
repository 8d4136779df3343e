# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""No secret is ever written down, whatever carries it, at every level and in both formats."""

import asyncio
import gc
import logging
import sys
import threading
import time
import warnings

import pytest

from app.scrub import scrubbed
from app.telemetry import log
from tests.telemetry.canaries import (
    BASIC,
    BOT_API,
    CANARIES,
    FAILURES,
    KEY,
    PARCELS,
    STRANGE_TOKEN,
    TOKEN,
    Failure,
    as_python_prints_it,
    caught,
)
from tests.telemetry.conftest import Configured, Written

LEVELS = ["debug", "info", "warning", "error", "critical", "exception"]
FORMATS = ["json", "console"]
CARRIERS = [failure for failure in FAILURES if failure.__name__ != "_nobody_listens"]
"""aiohttp's own text for a refused connection names no path; the others carry a canary when printed."""


def assert_no_canary(written: Written, *, at_least: int) -> None:
    assert len(written.lines) >= at_least
    assert [canary for canary in CANARIES if canary in written.text] == []


@pytest.mark.parametrize("failure", CARRIERS, ids=lambda failure: failure.__name__)
async def test_the_failures_of_this_file_do_carry_secrets(failure: Failure) -> None:
    printed = as_python_prints_it(await caught(failure))

    assert any(canary in printed for canary in CANARIES)


@pytest.mark.parametrize("log_format", FORMATS)
@pytest.mark.parametrize("level", LEVELS)
async def test_failures_are_written_down_without_secrets(configured: Configured, log_format: str, level: str) -> None:
    written = configured(log_format=log_format, log_level="debug")

    for failure in FAILURES:
        error = await caught(failure)
        getattr(log, level)("attempt.crashed", exc_info=error, error=error, text=str(error), shown=repr(error))

    assert_no_canary(written, at_least=len(FAILURES))
    assert written.text.count("attempt.crashed") == len(FAILURES)


@pytest.mark.parametrize("log_format", FORMATS)
@pytest.mark.parametrize("level", LEVELS)
def test_values_are_written_down_without_secrets(configured: Configured, log_format: str, level: str) -> None:
    written = configured(log_format=log_format, log_level="debug")

    for parcel in PARCELS:
        getattr(log.bind(bound=parcel), level)("turn.failed", value=parcel, **{KEY: "as a name"})

    assert_no_canary(written, at_least=len(PARCELS))


@pytest.mark.parametrize("log_format", FORMATS)
@pytest.mark.parametrize("name", ["aiogram.event", "aiohttp.client", "uvicorn.error", "asyncio", "alembic", "any"])
async def test_libraries_write_no_secrets(configured: Configured, log_format: str, name: str) -> None:
    written = configured(log_format=log_format, log_level="debug")
    library = logging.getLogger(name)

    for parcel in PARCELS:
        library.warning("%s and %r", parcel, parcel, extra={"url": parcel})
        library.error(parcel)
    for failure in FAILURES:
        library.error("broke: %s", await caught(failure), exc_info=await caught(failure), stack_info=True)

    assert_no_canary(written, at_least=2 * len(PARCELS) + len(FAILURES))


@pytest.mark.parametrize("log_format", FORMATS)
def test_a_line_that_cannot_be_made_is_told_of_without_its_arguments(
    configured: Configured, log_format: str, capfd: pytest.CaptureFixture[str]
) -> None:
    written = configured(log_format=log_format)

    logging.getLogger("any").error("%d of %s", KEY)  # noqa: PLE1206 - the mistake is the point

    assert_no_canary(written, at_least=1)
    assert "log.unreadable" in written.text
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("log_format", FORMATS)
async def test_what_nobody_catches_is_written_down_without_secrets(
    configured: Configured, log_format: str, capfd: pytest.CaptureFixture[str]
) -> None:
    written = configured(log_format=log_format)
    error = await caught(FAILURES[3])

    sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=lambda: int(BOT_API))
    thread.start()
    thread.join()
    forgotten = asyncio.get_running_loop().create_future()
    forgotten.set_exception(await caught(FAILURES[4]))
    del forgotten
    gc.collect()
    warnings.warn(f"do not use {KEY}", UserWarning, stacklevel=1)

    assert_no_canary(written, at_least=4)
    assert written.text.count("process.crashed") == 2
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"at {BOT_API} now", "at http://127.0.0.1:1/bot[hidden]/sendMessage now"),
        (f"token {STRANGE_TOKEN}.", "token [hidden]."),
        (f"key {KEY}, once", "key camp_live_[hidden], once"),
        (f"Authorization: Basic {BASIC}\nHost: x", "Authorization: [hidden]\nHost: x"),
        ("Bearer abcdefghijkl", "Bearer [hidden]"),
        ("postgresql://me:it's@db/x", "postgresql://me:[hidden]@db/x"),
        ("postgresql://me:pa@ss@db:5432/x", "postgresql://me:[hidden]@db:5432/x"),
        (
            f"number [input_value='{KEY[:25]}...{KEY[-24:]}', input_type=str]",
            "number [input_value=[hidden], input_type=str]",
        ),
        ("dsn password=abcdef host=db", "dsn password=[hidden] host=db"),
    ],
)
def test_a_column_or_a_problem_keeps_its_words_but_no_secret(text: str, expected: str) -> None:
    assert scrubbed(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T10:00:00.123456Z 127.0.0.1:55432 12:34:56",
        "Bad Request: message is not modified, chat -1001234567890, retry after 3",
        "the authorization failed; a basic check of the token",
        "https://www.comune.prato.it/mensa?id=12:30",
        "0192f0c1-2b3c-7d4e-8f90-123456789abc token=5 lease 3.5",
        "password: must have 32 characters at least",
    ],
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert scrubbed(text) == text


@pytest.mark.parametrize(
    "piece",
    ["a", "1", "://", "://a:", "bot1:", "1:a", "authorization:", "camp_live", "password=", "basic ", "\\'", " "],
)
def test_a_long_text_is_searched_in_time_that_grows_with_it_only(configured: Configured, piece: str) -> None:
    configured()
    begun = time.process_time()

    scrubbed(piece * 20_000)

    assert time.process_time() - begun < 1


def test_a_configured_secret_is_found_in_the_middle_of_a_word(configured: Configured) -> None:
    configured()

    assert TOKEN not in scrubbed(f"x{TOKEN}x")
    assert "canary-of-redis" not in scrubbed("xcanary-of-redisx")

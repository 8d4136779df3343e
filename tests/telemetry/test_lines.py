# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
import asyncio
import json
import logging
import re
import subprocess
import sys

import pytest
from structlog.contextvars import bind_contextvars

from app.telemetry import log
from tests.telemetry.conftest import Configured

FORGED = 'x\n{"level": "critical", "event": "delivery.dead"}\r\x1b[2K\u2028\x85end'
SECOND_LINE = "2026-11-24T10:00:00Z [critical ] delivery.dead"


def test_an_event_is_one_json_object_with_time_level_and_name_first(configured: Configured) -> None:
    written = configured()

    log.info("delivery.delivered", delivery=7, channel="scuola")

    (line,) = written.documents
    assert list(line)[:4] == ["timestamp", "level", "event", "logger"]
    assert (line["level"], line["event"], line["delivery"]) == ("info", "delivery.delivered", 7)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])


def test_the_time_is_utc_wherever_the_machine_stands() -> None:
    script = (
        "from tests.telemetry.conftest import some_settings; from app.telemetry import configure, log;"
        "configure(some_settings()); log.info('worker.started')"
    )

    hours = [
        json.loads(_run(script, TZ=zone).splitlines()[-1])["timestamp"][:13] for zone in ("UTC", "Pacific/Kiritimati")
    ]

    assert hours[0] == hours[1]


@pytest.mark.parametrize("value", ["event", "field", "library", "exception"])
def test_a_json_line_stays_one_line_whatever_is_in_it(configured: Configured, value: str) -> None:
    written = configured()

    _say(value, FORGED)

    assert len(written.text.rstrip("\n").split("\n")) == len(written.documents) == 1
    assert not re.search("[\r\x1b\u2028\x85]", written.text)


@pytest.mark.parametrize("value", ["event", "field", "library", "exception"])
def test_on_a_console_no_text_passes_for_a_line_of_ours(configured: Configured, value: str) -> None:
    written = configured(log_format="console")

    _say(value, f"x\n{SECOND_LINE}\r{SECOND_LINE}\x1b[2K{SECOND_LINE}\u2028{SECOND_LINE}")

    assert [line for line in written.lines if line.startswith("2026-11-24T10:00:00Z")] == []
    assert not re.search("[\r\x1b\u2028\x85]", written.text)


def test_libraries_go_through_the_same_chain_and_keep_their_context(configured: Configured) -> None:
    written = configured()
    bind_contextvars(request="0192", trace="abc")

    for name in ("uvicorn.error", "aiogram.dispatcher", "arq.worker", "alembic.runtime.migration", "asyncio"):
        logging.getLogger(name).warning("said %s", "so")

    assert {line["logger"].partition(".")[0] for line in written.documents} == {
        *("uvicorn", "aiogram", "arq", "alembic", "asyncio")
    }
    assert all(
        (line["event"], line["request"], line["trace"]) == ("said so", "0192", "abc") for line in written.documents
    )


def test_handlers_that_libraries_brought_are_taken_away(configured: Configured) -> None:
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler())
    logging.getLogger("uvicorn").propagate = False

    written = configured()
    logging.getLogger("uvicorn.error").info("Started")

    assert logging.getLogger("uvicorn").handlers == []
    assert [line["event"] for line in written.documents] == ["Started"]


def test_at_debug_only_we_say_more(configured: Configured) -> None:
    written = configured(log_level="debug")

    log.debug("turn.failed")
    for name in ("aiogram.event", "aiohttp.client", "asyncio", "any.library"):
        logging.getLogger(name).debug("what was sent")

    assert [line["event"] for line in written.documents] == ["turn.failed"]


@pytest.mark.parametrize(("level", "expected"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_is_that_of_the_settings(configured: Configured, level: str, expected: int) -> None:
    written = configured(log_level=level)

    for say in (log.debug, log.info, log.warning, log.error):
        say("turn.failed")

    assert len(written.lines) == expected


def test_what_is_no_number_is_still_json(configured: Configured) -> None:
    written = configured()

    log.info("turn.failed", wait=float("nan"), worst=float("inf"), surrogate="\ud800", pair=(1, {2}))

    line = json.loads(written.text, parse_constant=pytest.fail)
    assert (line["wait"], line["worst"], line["pair"]) == ("nan", "inf", [1, [2]])


def test_an_exception_is_told_with_its_causes_and_its_place(configured: Configured) -> None:
    written = configured()

    try:
        _fail()
    except RuntimeError:
        log.exception("attempt.crashed")

    (line,) = written.documents
    assert line["level"] == "error"
    assert "KeyError: 'inner'" in line["exception"]
    assert "RuntimeError: outer" in line["exception"]
    assert "test_lines.py" in line["exception"]


async def test_tasks_at_the_same_time_keep_their_own_request(configured: Configured) -> None:
    written = configured()

    async def work(number: int) -> None:
        bind_contextvars(request=number)
        await asyncio.sleep(0)
        log.info("request.served", number=number)

    await asyncio.gather(*(work(number) for number in range(5)))

    assert all(line["request"] == line["number"] for line in written.documents)


def _say(where: str, text: str) -> None:
    match where:
        case "event":
            log.info(text)
        case "field":
            log.info("turn.failed", reason=text)
        case "library":
            logging.getLogger("any").info("%s", text)
        case "exception":
            log.error("turn.failed", exc_info=ValueError(text))


def _fail() -> None:
    try:
        raise KeyError("inner")  # noqa: TRY301 - the shape is the point
    except KeyError as error:
        raise RuntimeError("outer") from error


def _run(script: str, **environment: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return done.stderr

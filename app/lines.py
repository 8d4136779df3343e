# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a log line is made: one chain for our own events and for what libraries say, one line for each."""

import json
import logging
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import msgspec
from structlog.contextvars import merge_contextvars
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import StackInfoRenderer, TimeStamper, add_log_level, format_exc_info
from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict, Processor

from app.scrub import scrub, scrubbed_into

OURS = "campanella"
"""The name of the logger of all our own events."""
FIRST = ("timestamp", "level", "event", "logger")
TRACES = ("exception", "stack")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
TEXTS: Sequence[Processor] = (StackInfoRenderer(), format_exc_info)


class Handler(logging.StreamHandler[TextIO]):
    """Writes lines to one stream; a record that cannot be shown is told of, without what it holds."""

    def __init__(self, stream: TextIO, log_format: str) -> None:
        """Write JSON, or for a person at a console."""
        super().__init__(stream)
        self.chain = chain(log_format, colours=log_format == "console" and stream.isatty())
        self.setFormatter(
            ProcessorFormatter(
                foreign_pre_chain=[merge_contextvars],
                processors=[_named, ProcessorFormatter.remove_processors_meta, *self.chain],
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Write what a library says."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - the library would print the record's arguments, past the scrubber
            line = lost(record.name, line=record.lineno)
        self.put(line)

    def put(self, line: str) -> None:
        """Write a whole line, also beside other threads."""
        self.acquire()
        try:
            self.stream.write(line + self.terminator)
            self.stream.flush()
        except (OSError, ValueError):
            return  # nobody reads the stream any more
        finally:
            self.release()


class Sink:
    """Where our own events end: straight in the stream, without the library's records."""

    def __init__(self, handler: Handler) -> None:
        """Every level is written the same way."""
        self.debug = self.info = self.warning = self.error = self.critical = handler.put


def lost(logger: str, **where: int) -> str:
    """Tell of an event that cannot be shown, without what it holds."""
    first = {"timestamp": _now(), "level": "error", "event": "log.unreadable", "logger": logger}
    return json.dumps({**first, **where})


def guarded(processors: Sequence[Processor]) -> Processor:
    """Make one step of several, which never fails whoever logs."""

    def made(logger: Any, level: str, event: EventDict) -> Any:
        try:
            for processor in processors:
                event = processor(logger, level, event)  # type: ignore[assignment]  # the last one gives a line
        except Exception:  # noqa: BLE001 - such as a value that cannot be printed
            return lost(OURS)
        return event

    return made


def chain(log_format: str, *, colours: bool = False) -> list[Processor]:
    """Give what makes a line of an event; the scrubber stands behind everything that adds text."""
    if log_format != "console":
        return [_json]
    shown = ConsoleRenderer(colors=colours, exception_formatter=plain_traceback, sort_keys=False)
    return [_named, add_log_level, TimeStamper(fmt="iso", utc=True), *TEXTS, scrub, _harmless, shown]


def _json(logger: Any, level: str, event: EventDict) -> str:
    """Write an event as JSON in one pass: this is done twice for every request."""
    if "exc_info" in event or "stack_info" in event:
        for add in TEXTS:
            event = add(logger, level, event)  # type: ignore[assignment]  # these give what they get
    first: dict[str, Any] = dict.fromkeys(FIRST)
    scrubbed_into(first, event)
    first["timestamp"], first["level"], first["logger"] = _now(), level, first["logger"] or OURS
    return _written(first)


def _written(line: dict[str, Any]) -> str:
    """Write JSON in ASCII: what has nothing else, which is nearly every line, the quicker way."""
    with suppress(ValueError, TypeError, OverflowError):  # half of a character, a number beyond 64 bits
        quickly = msgspec.json.encode(line)
        if quickly.isascii():
            return quickly.decode()
    return json.dumps(line)


def _now() -> str:
    microseconds = time.time_ns() // 1000
    return f"{_second(microseconds // 1_000_000)}.{microseconds % 1_000_000:06d}Z"


@lru_cache(maxsize=4)
def _second(number: int) -> str:
    """Write a second once for all lines in it."""
    return datetime.fromtimestamp(number, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _named(_logger: Any, _level: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    event["logger"] = event.get("logger", OURS) if record is None else record.name
    return event


def _harmless(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Escape what moves a terminal's cursor, and set tracebacks off, so that no text can pass for a line of ours."""
    for name, value in event.items():
        if name in TRACES:
            event[name] = "\n".join("  | " + _escaped(line) for line in str(value).split("\n"))
        elif isinstance(value, str):
            event[name] = _escaped(value)
    return event


def _escaped(text: str) -> str:
    return CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)

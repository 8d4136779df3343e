# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a log line is made: one chain for our own events and for what libraries say, one line for each."""

import json
import logging
import re
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import JSONRenderer, StackInfoRenderer, TimeStamper, format_exc_info
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name
from structlog.types import EventDict, Processor

from app.scrub import scrub

FIRST = ("timestamp", "level", "event", "logger")
TRACES = ("exception", "stack")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Handler(logging.StreamHandler[TextIO]):
    """Writes lines to one stream; a record that cannot be shown is told of, without what it holds."""

    def __init__(self, stream: TextIO, log_format: str) -> None:
        """Write JSON, or for a person at a console."""
        super().__init__(stream)
        self.setFormatter(formatter(log_format, colours=log_format == "console" and stream.isatty()))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        # The library would print the record's arguments to the terminal, past the scrubber.
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        lost = {"timestamp": now, "level": "error", "event": "log.unreadable", "logger": record.name}
        try:
            self.stream.write(json.dumps({**lost, "line": record.lineno}) + self.terminator)
            self.flush()
        except (OSError, ValueError):
            return  # nobody reads the stream any more


def formatter(log_format: str, *, colours: bool = False) -> ProcessorFormatter:
    """Build the chain; the scrubber stands last before the renderer, behind everything that adds text."""
    gathered: list[Processor] = [add_log_level, add_logger_name, TimeStamper(fmt="iso", utc=True)]
    texts: list[Processor] = [StackInfoRenderer(), format_exc_info, ProcessorFormatter.remove_processors_meta]
    shown: list[Processor] = [_ordered, JSONRenderer()]
    if log_format == "console":
        shown = [_harmless, ConsoleRenderer(colors=colours, exception_formatter=plain_traceback, sort_keys=False)]
    return ProcessorFormatter(
        foreign_pre_chain=[structlog.contextvars.merge_contextvars], processors=[*gathered, *texts, scrub, *shown]
    )


def _ordered(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    first = {name: event[name] for name in FIRST if name in event}
    return first | {name: value for name, value in event.items() if name not in first}


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

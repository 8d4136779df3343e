# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice that cannot be shown, by a fault of ours, is left out and logged; its neighbours on the board are shown."""

from collections.abc import Callable, Sequence
from uuid import UUID

from app.board.entry import Entry
from app.domain.errors import NotFoundError
from app.telemetry import log

Write = Callable[[Sequence[Entry]], bytes]


class BrokenError(NotFoundError):
    """The notice is on the board, but cannot be shown."""


def written(write: Write, entries: Sequence[Entry]) -> bytes:
    """Write a document of these; only where that fails is each tried alone, and the sound ones are written."""
    try:
        return write(entries)
    except Exception:  # noqa: BLE001 - whatever it is, it must not take the board down
        return write([entry for entry in entries if _is_sound(write, entry)])


def written_alone(write: Callable[[], bytes], notice: UUID) -> bytes:
    """Write the document of one notice; BrokenError, and a line in the log, where it cannot be written."""
    try:
        return write()
    except Exception as error:  # noqa: BLE001
        left_out(notice, error)
        raise BrokenError from None


def left_out(notice: UUID, error: Exception) -> None:
    """Log a notice that is missing on a board, without its content."""
    log.error("entry.broken", notice=str(notice), error=type(error).__name__)


def _is_sound(write: Write, entry: Entry) -> bool:
    try:
        write([entry])
    except Exception as error:  # noqa: BLE001
        left_out(entry.notice, error)
        return False
    return True

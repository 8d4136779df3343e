# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where the answer to a request's notices is wanted, and the id of that request: stored with each notice."""

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Reply:
    """The endpoint that is told whatever becomes of the notice (X-ReplyTo), and the X-Correlation-ID of the request."""

    endpoint: UUID | None = None
    correlation: str | None = None


_CURRENT: ContextVar[Reply] = ContextVar("campanella_reply", default=Reply())  # noqa: B039 - it is frozen


def current_reply() -> Reply:
    """Give what the request that is being answered wants."""
    return _CURRENT.get()


def expect_reply(reply: Reply) -> None:
    """Let every notice that this task stores from now on be answered there."""
    _CURRENT.set(reply)

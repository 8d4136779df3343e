# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One request to a receiver that somebody else chose: guarded, without redirects, nothing kept of what is answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiohttp import ClientConnectorError, ClientError, ConnectionTimeoutError, InvalidURL

from app.outgoing import BlockedError, FetchError, Outgoing, cause, reason
from workers.reach import TooLateError

LONGEST_WAIT = 86_400.0
"""Seconds that a receiver may ask us to stay away."""
NEVER_LEFT = (FetchError, BlockedError, ClientConnectorError, ConnectionTimeoutError, InvalidURL, TooLateError)


@dataclass(frozen=True, slots=True)
class Said:
    """What a receiver answered: the status, and its headers by their names in lower case."""

    status: int
    headers: Mapping[str, str]

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the good class of HTTP

    def wait(self, now: datetime) -> float | None:
        """Give the seconds of Retry-After, whichever of its two forms it has; None without a readable one."""
        given = self.headers.get("retry-after", "").strip()
        seconds = float(given) if given.isascii() and given.isdigit() else _until(given, now)
        return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Unheard:
    """No answer. `left`: bytes may have arrived; `blocked`: the address may not be spoken to at all."""

    reason: str
    left: bool
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    href: str
    headers: Mapping[str, str]
    body: bytes = b""


async def speak(outgoing: Outgoing, request: Request, seconds: float) -> Said | Unheard:
    """Send one request and read the head of its answer. Never raises for what the other side does."""
    try:
        async with outgoing.request(request.method, request.href, request.headers, request.body, seconds) as response:
            return Said(response.status, {name.lower(): value for name, value in response.headers.items()})
    except NEVER_LEFT as error:
        return Unheard(_reason(error), left=False, blocked=_is_blocked(error))
    except (ClientError, OSError, TimeoutError, ValueError) as error:
        return Unheard(f"no answer: {type(error).__name__}", left=True)


def _reason(error: Exception) -> str:
    refused = isinstance(cause(error), BlockedError | FetchError)
    return reason(error) if refused else f"not reached: {reason(error)}"


def _is_blocked(error: Exception) -> bool:
    return isinstance(cause(error), BlockedError | InvalidURL | FetchError)


def _until(given: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()

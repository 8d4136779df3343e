# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Operations that will end: what callers are told with each answer until then, and what they get afterwards.

Nothing else changes by being deprecated. The one table drives the headers, the document, the count and the 410.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from app.domain.errors import GoneError


@dataclass(frozen=True, slots=True)
class Retirement:
    """When an operation began to be deprecated, when it ends, and the path under /v1 of what takes its place."""

    deprecated_at: datetime
    sunset_at: datetime
    successor: str | None = None

    def __post_init__(self) -> None:
        """Refuse an end before the announcement."""
        if self.sunset_at < self.deprecated_at:
            raise ValueError("an operation cannot end before it is deprecated")

    def told(self, public: str) -> list[tuple[bytes, bytes]]:
        """Give the headers (RFC 9745, RFC 8594, RFC 8288); `public` is the address that links begin with."""
        since, until = int(self.deprecated_at.timestamp()), format_datetime(self.sunset_at.astimezone(UTC), usegmt=True)
        explained = f"{public}/docs"
        links = [
            f'<{explained}>; rel="deprecation"; type="text/html"',
            f'<{explained}>; rel="sunset"; type="text/html"',
        ]
        if self.successor is not None:
            links.append(f'<{public}/v1{self.successor}>; rel="successor-version"')
        return [
            (b"deprecation", f"@{since}".encode()),
            (b"sunset", until.encode()),
            (b"link", ", ".join(links).encode()),
        ]

    def refuse_after_the_end(self, now: datetime) -> None:
        """Raise GoneError once the operation has ended."""
        if now >= self.sunset_at:
            raise GoneError


RETIRING: Mapping[str, Retirement] = {}
"""By the name of the operation. Empty: nothing is deprecated today."""

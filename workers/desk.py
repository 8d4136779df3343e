# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a kind of channel gives the workers: how it looks, how it is sent, how an address is checked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.domain.delivery import Intent
from app.domain.outcome import Outcome, Wire
from app.outbox import ChannelKind, Owed


@dataclass(frozen=True, slots=True)
class Report:
    """What one call came to, and how far it got on the wire."""

    outcome: Outcome
    wire: Wire


Send = Callable[[Owed, Intent], Awaitable[Report]]
"""One call to the platform: no retry, no exception, no waiting for a pace."""
Inspect = Callable[[str, bool], Awaitable[dict[str, Any]]]
"""Check an address (and, if asked, prove that it answers after a doubt); returns the fields of app.checks.Answer."""


@dataclass(frozen=True)
class Desk:
    """One kind at work."""

    kind: ChannelKind
    send: Send
    inspect: Inspect
    close: Callable[[], Awaitable[None]]
    timeout: float

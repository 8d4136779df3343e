# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the receiver does with a call: nothing in it is believed before its signature is verified."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.signing import verify

MOST = 1000
"""Calls that are remembered; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it was told: under which id, when, of which type, and what it says."""

    id: str
    at: datetime
    kind: str
    data: Mapping[str, Any]

    def summary(self) -> dict[str, str]:
        """Give what a list shows of it."""
        names = ("event_id", "title", "reference", "language")
        return {"id": self.id, "type": self.kind, **{name: str(self.data.get(name, "")) for name in names}}


@dataclass
class Inbox:
    """The events by their id, and how often a call was refused or repeated. `secrets`: whsec_ or whpk_."""

    secrets: list[str] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Keep a call of which the signature is right, once however often it comes; tell whether it was right."""
        event = _event(body) if verify(self.secrets, headers, body, now) else None
        if event is None:
            self.counts["refused"] += 1
            return False
        number = headers["webhook-id"]
        self.counts["repeated" if number in self.told else "taken"] += 1
        self.told.setdefault(number, Told(number, now, str(event.get("type", "")), _members(event.get("data"))))
        while len(self.told) > MOST:
            del self.told[next(iter(self.told))]
        return True


def _event(body: bytes) -> dict[str, Any] | None:
    try:
        return _members(json.loads(body)) or None
    except ValueError:
        return None


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}

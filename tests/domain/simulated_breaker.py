# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Postgres does for the breaker (app/outbox/breaker.py), written down once more, in the plainest way."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.breaker import CALLS, CHANNELS, WITHIN, Heard, is_away, rest
from tests.domain.simulated_world import BEGIN, Call

NOT_AT_ALL = timedelta(0)


@dataclass(frozen=True)
class Ended:
    """A call that came to an end."""

    started: datetime
    finished: datetime
    heard: Heard


class Breaker:
    """The row of the pace, and the attempts.

    `opened` is when the platform was found to be away, `asks` when one asked, and whether something urgent waited then.
    `judge` and `rest` are the product's own, unless a test asks what a fault in one would do.
    """

    def __init__(self, judge: Callable[..., bool] = is_away, rest: Callable[..., timedelta] = rest) -> None:
        self.judge, self.rest = judge, rest
        self.opened, self.asks = list[datetime](), list[tuple[datetime, bool]]()
        self.away_since: datetime | None = None
        self._is_troubled, self._is_urgent, self._asked, self._asked_at = False, False, 0, BEGIN
        self._ended = deque[Ended](maxlen=20 * CALLS)
        self._answers = list[Ended]()

    def note(self, call: Call, now: datetime, *, answered: bool) -> None:
        heard = Heard(UUID(int=call.row.channel.number), answered=answered)
        self._ended.append(Ended(call.claimed, now, heard))
        self._answers.extend([self._ended[-1]] if answered and self.away_since else [])
        self._is_troubled = self._is_troubled or not answered

    def asked(self, now: datetime) -> None:
        self.asks.append((now, self._is_urgent))
        self._asked, self._asked_at = self._asked + 1, now

    def waits(self, now: datetime, urgent: Callable[[], bool], wake: Callable[[], object]) -> timedelta | None:
        """Say for how long nobody calls, nothing where one may ask now; None while it answers."""
        if not self._is_troubled:
            return None
        if self.away_since is None:
            return self._when_troubled(now)
        if now - self._asked_at > WITHIN or self._was_answered():
            self.away_since, self._is_troubled = None, False
            wake()
            return None
        self._is_urgent = urgent()
        return max(NOT_AT_ALL, self._asked_at + self.rest(self._asked, urgent=self._is_urgent) - now)

    def _when_troubled(self, now: datetime) -> timedelta | None:
        lately = [ended for ended in self._ended if ended.started > now - WITHIN]
        last = [ended.heard for ended in sorted(lately, key=lambda ended: ended.started)[-CALLS:]]
        self._is_troubled = not all(heard.answered for heard in last)
        if not self.judge(last, CHANNELS):
            return None
        self.away_since, self._asked, self._asked_at = now, 0, now
        self._answers.clear()
        self.opened.append(now)
        return self.rest(0, urgent=False)

    def _was_answered(self) -> bool:
        return any(ended.started > self._asked_at - WITHIN for ended in self._answers)

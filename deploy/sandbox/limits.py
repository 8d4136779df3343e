# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How much a bot may write: sliding windows, 429 with the time to wait, longer for those who do not wait."""

import math
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy.sandbox.refusals import too_many_requests

GRACE = 1.0
TOLERATED = 3
LONGEST = 3600
UNSENT_PER_CHAT = 310
ACTIVE = 1000
UPLOADS = 100
GUARD_RETRY_AFTER = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """Writes per bot and second, per chat and second, per group or channel and minute; 0 is no limit.

    `slack` shortens the windows by so many seconds; `escalate` lengthens the wait of those who hammer;
    `guard_pause` is how long the server holds a call before it refuses it for too many at once.
    """

    per_second: float = 30
    chat_per_second: float = 1
    group_per_minute: float = 20
    slack: float = 0.0
    escalate: bool = True
    guard_pause: float = 3.0


class Window:
    """At most so many in any stretch of so many seconds."""

    def __init__(self, many: float, seconds: float, slack: float) -> None:
        self.many = max(1, int(many))
        self.seconds = seconds * max(1.0, 1 / many) - slack
        self.times: deque[float] = deque()

    def wait(self, now: float, many: int = 1) -> float:
        """Say how long until there is room for so many, 0 if there is; for more than it holds it must be empty."""
        while self.times and now - self.times[0] >= self.seconds:
            self.times.popleft()
        left = self.many - min(many, self.many)
        return 0.0 if len(self.times) <= left else self.times[-left - 1] + self.seconds - now


@dataclass(slots=True)
class Flood:
    """One bot or one chat: its windows, and the wait it has been given."""

    windows: list[Window]
    since: float = 0.0
    until: float = 0.0
    given: int = 0
    early: int = 0

    def retry_after(self, now: float, many: int, *, escalate: bool) -> int:
        """Give the seconds to wait, 0 if so many may pass."""
        if now < self.until:
            return self._during(now, escalate=escalate)
        wait = max(window.wait(now, many) for window in self.windows)
        if wait <= 0:
            return 0
        self.given = max(1, math.ceil(wait))
        self.since, self.until, self.early = now, now + self.given, 0
        return self.given

    def _during(self, now: float, *, escalate: bool) -> int:
        """Answer one who did not wait; calls that were on their way when the flood began are excused."""
        if escalate and now - self.since > GRACE:
            self.early += 1
            if self.early > TOLERATED:
                self.given = min(LONGEST, 2 * self.given)
                self.until = now + self.given
        return max(1, math.ceil(self.until - now))

    def take(self, now: float, many: int) -> None:
        for window in self.windows:
            window.times.extend([now] * many)


@dataclass(slots=True)
class Gate:
    """All windows of one bot."""

    limits: Limits
    bot: Flood | None = None
    chats: dict[int, Flood | None] = field(default_factory=dict)
    unsent: Counter[int] = field(default_factory=Counter)
    active: int = 0
    uploads: int = 0

    def __post_init__(self) -> None:
        self.set(self.limits)

    def set(self, limits: Limits) -> None:
        """Begin anew with other limits."""
        self.limits = limits
        self.bot = flood([(limits.per_second, 1.0)], limits.slack)
        self.chats.clear()

    def _chat(self, chat_id: int) -> Flood | None:
        if chat_id not in self.chats:
            per_minute = self.limits.group_per_minute if chat_id < 0 else 0
            self.chats[chat_id] = flood([(self.limits.chat_per_second, 1.0), (per_minute, 60.0)], self.limits.slack)
        return self.chats[chat_id]

    def pass_write(self, chat_id: int, now: float, many: int = 1) -> None:
        """Count so many messages to a chat, or refuse them."""
        floods = [entry for entry in (self._chat(chat_id), self.bot) if entry is not None]
        for entry in floods:
            retry_after = entry.retry_after(now, many, escalate=self.limits.escalate)
            if retry_after:
                raise too_many_requests(retry_after)
        for entry in floods:
            entry.take(now, many)

    def is_crowded(self, chat_id: int) -> bool:
        """Say whether the server would refuse one more call that waits for its answer."""
        return self.unsent[chat_id] > UNSENT_PER_CHAT or self.active > ACTIVE or self.uploads > UPLOADS

    @contextmanager
    def under_way(self, chat_id: int, uploads: int) -> Iterator[None]:
        self.unsent[chat_id] += 1
        self.active += 1
        self.uploads += uploads
        try:
            yield
        finally:
            self.uploads -= uploads
            self.active -= 1
            self.unsent[chat_id] -= 1
            if not self.unsent[chat_id]:
                del self.unsent[chat_id]


def flood(windows: list[tuple[float, float]], slack: float) -> Flood | None:
    made = [Window(many, seconds, slack) for many, seconds in windows if many > 0]
    return Flood(made) if made else None

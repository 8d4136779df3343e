# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Access tokens: the stable ones, which overlap, and the old ones, which kill one another; the two never meet."""

import secrets
from dataclasses import dataclass, field

from deploy.sandbox_wechat.account import Account
from deploy.sandbox_wechat.rules import RefusedError, same_day


@dataclass(slots=True)
class Token:
    text: str
    until: float


@dataclass
class Tokens:
    """The tokens of one account."""

    account: Account
    app_id: str
    secret: str
    stable: Token | None = None
    valid: dict[str, float] = field(default_factory=dict)
    old: Token | None = None
    dead: set[str] = field(default_factory=set)
    forced: list[float] = field(default_factory=list)

    def check_secret(self, app_id: object, secret: object) -> None:
        if app_id != self.app_id:
            raise RefusedError(40013)
        if secret != self.secret:
            raise RefusedError(40125)

    def give_stable(self, *, forced: bool) -> Token:
        """The same token until five minutes before its end, then a new one beside it; a forced one kills the other."""
        now, rules = self.account.now(), self.account.rules
        if forced:
            self._count_forced(now)
            self.dead |= set(self.valid)
            self.valid.clear()
            self.stable = None
        if self.stable is None or self.stable.until - now <= rules.token_overlap:
            self.stable = self._made(now)
            self.valid[self.stable.text] = self.stable.until
        return self.stable

    def give_old(self) -> Token:
        if self.old is not None:
            self.dead.add(self.old.text)
        self.old = self._made(self.account.now())
        return self.old

    def check(self, text: str) -> None:
        """Let a call in, or refuse it as the platform does: missing, replaced, expired, unknown."""
        if not text:
            raise RefusedError(41001)
        until = self.valid.get(text) or (self.old.until if self.old and self.old.text == text else None)
        if text in self.dead:
            raise RefusedError(40001)
        if until is None:
            raise RefusedError(40014)
        if until <= self.account.now():
            raise RefusedError(42001)

    def kill(self) -> None:
        """Make every token that was given so far invalid, as another system's forced refresh does."""
        self.dead |= set(self.valid)
        self.valid.clear()
        self.stable = None

    def _made(self, now: float) -> Token:
        text = secrets.token_urlsafe(self.account.rules.token_length)[: self.account.rules.token_length]
        return Token(text, now + self.account.rules.token_life)

    def _count_forced(self, now: float) -> None:
        today = [at for at in self.forced if same_day(at, now)]
        if len(today) >= self.account.rules.forced_refresh_a_day:
            raise RefusedError(45009)
        if today and now - today[-1] < self.account.rules.forced_refresh_every:
            raise RefusedError(45011)
        self.forced = [*today, now]

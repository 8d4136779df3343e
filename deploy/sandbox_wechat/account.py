# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One Official Account: its rights, its followers, its box of drafts, what it has sent, how often it was called."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from deploy.sandbox.clock import Clock
from deploy.sandbox_wechat.rules import PROFILES, Profile, RefusedError, Rules, same_day

FIRST_MSG_ID = 3_147_483_650_001
"""More than 32 bits, as the numbers of the platform may be."""


@dataclass(slots=True)
class Follower:
    """A person who follows, never named: the tags, and when a push arrived."""

    tags: set[int] = field(default_factory=set)
    received: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Article:
    """An article as it was stored; `raw_title` are the bytes between the quotes of the JSON."""

    title: str
    author: str
    digest: str
    content: str
    content_source_url: str
    thumb: str
    raw_title: bytes
    deleted: bool = False


@dataclass(slots=True)
class Upload:
    id: str
    content: bytes
    content_type: str
    at: float
    permanent: bool
    sort: str


@dataclass(slots=True)
class Send:
    """One mass send, from its submission to its end. `state`: confirming, sending, done, failed, deleted."""

    msg_id: int
    data_id: int
    key: str
    at: float
    tag: int | None
    articles: list[Article]
    state: str = "sending"
    status: str = "send success"
    until: float = 0.0
    total: int = 0
    filtered: int = 0
    sent: int = 0
    by: str = "api"
    called: float = 0.0

    @property
    def to_all(self) -> bool:
        return self.tag is None


@dataclass(slots=True)
class Publication:
    """A free publication. `state`: publishing, done, failed, deleted."""

    id: str
    data_id: int
    articles: list[Article]
    until: float
    state: str = "publishing"
    article_id: str = ""


@dataclass
class Account:
    """All there is of the account; everything is forgotten with the process."""

    rules: Rules = field(default_factory=Rules)
    clock: Clock = field(default_factory=Clock)
    name: str = "Comune di Esempio"
    profile_name: str = "overseas_service"
    allowed_addresses: set[str] = field(default_factory=set)
    needs_confirmation: bool = False
    next_status: str = "send success"
    followers: list[Follower] = field(default_factory=lambda: [Follower() for _ in range(20)])
    drafts: dict[str, list[Article]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    sends: dict[int, Send] = field(default_factory=dict)
    keys: dict[str, tuple[int, float]] = field(default_factory=dict)
    publications: dict[str, Publication] = field(default_factory=dict)
    calls: dict[str, list[float]] = field(default_factory=dict)
    watchers: list[Callable[[str, Any], None]] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    @property
    def profile(self) -> Profile:
        return PROFILES[self.profile_name]

    def now(self) -> float:
        return self.clock.now()

    def next_msg_id(self) -> int:
        return FIRST_MSG_ID + int(next(self.numbers))

    def new_name(self, prefix: str) -> str:
        return f"{prefix}{next(self.numbers):06}{'x' * 20}"

    def allow(self, right: str) -> None:
        """Refuse what an account of this profile may not do."""
        if not getattr(self.profile, right):
            raise RefusedError(self.profile.refusal)

    def count_call(self, path: str) -> None:
        """Count a call of an interface against its quota of the day."""
        now = self.now()
        today = [at for at in self.calls.get(path, []) if same_day(at, now)]
        limit = self.rules.daily.get(path)
        if limit is not None and len(today) >= limit:
            raise RefusedError(45009)
        self.calls[path] = [*today, now]

    def tell(self, what: str, thing: Any) -> None:
        for watcher in self.watchers:
            watcher(what, thing)

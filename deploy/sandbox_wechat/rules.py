# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""WeChat's figures as its published tables give them, and what each profile of an account may do."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

APP_ID = "wx0000000000sandbox"
SECRET = "sandbox-not-a-real-secret-00000000"  # noqa: S105 (the stand-in's own, worth nothing elsewhere)
CHINA = timezone(timedelta(hours=8))
HOUR, DAY = 3600.0, 86_400.0


@dataclass(slots=True)
class Rules:
    """Lengths in characters and bytes, times in seconds, numbers per minute, day or month."""

    title: int = 32
    author: int = 16
    digest: int = 120
    content: int = 20_000
    content_bytes: int = 1 << 20
    source_url_bytes: int = 1024
    articles: int = 8
    body_image_bytes: int = 1 << 20
    image_bytes: int = 10 << 20
    thumb_bytes: int = 64 << 10
    temporary_media: float = 3 * DAY
    token_life: float = 2 * HOUR
    token_overlap: float = 300
    token_length: int = 512
    forced_refresh_every: float = 30
    forced_refresh_a_day: int = 20
    clientmsgid: int = 32
    clientmsgid_memory: float = DAY
    clientmsgid_rest: float = 60
    mass_per_minute: int = 60
    confirmation: float = 30 * 60
    job: float = 0.2
    publication: float = 0.2
    event_retry: float = 5
    event_patience: float = 5
    daily: dict[str, int] = field(
        default_factory=lambda: {
            "/cgi-bin/token": 2000,
            "/cgi-bin/stable_token": 500_000,
            "/cgi-bin/media/upload": 100_000,
            "/cgi-bin/draft/add": 1000,
            "/cgi-bin/message/mass/sendall": 100,
            "/cgi-bin/message/mass/preview": 100,
            "/cgi-bin/freepublish/submit": 100,
            "/cgi-bin/freepublish/get": 100,
            "/cgi-bin/freepublish/delete": 10,
        }
    )
    clear_quota_a_month: int = 10


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account of this sort may do; quotas count pushes, 0 means that there is no such limit."""

    drafts: bool = True
    mass: bool = True
    publish: bool = True
    only_articles: bool = False
    all_per_day: int = 1
    per_follower_and_month: int = 4
    refusal: int = 48001


PROFILES: dict[str, Profile] = {
    "overseas_service": Profile(only_articles=True),
    "mainland_service": Profile(),
    "subscription": Profile(per_follower_and_month=0),
    "publish_only": Profile(mass=False),
    "unverified": Profile(mass=False, publish=False),
    "expired": Profile(drafts=False, mass=False, publish=False),
    "banned": Profile(drafts=False, mass=False, publish=False, refusal=50002),
}

WORDS: dict[int, str] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid media size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40059: "invalid msg id",
    40125: "invalid appsecret",
    40164: "invalid ip, not in whitelist",
    41001: "access_token missing",
    42001: "access_token expired",
    43002: "require POST method",
    44003: "empty news data",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45003: "title size out of limit",
    45004: "description size out of limit",
    45005: "url size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45028: "has no masssend quota",
    45065: "clientmsgid exist",
    45066: "same clientmsgid retry too fast",
    45067: "clientmsgid size out of limit",
    45110: "author size out of limit",
    47001: "data format error",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    48008: "no permission for this msgtype",
    50002: "user limited",
    53503: "draft not pass check",
}


class RefusedError(Exception):
    """What WeChat answers with an errcode; `members` go into the answer beside it."""

    def __init__(self, errcode: int, **members: object) -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.members = members


def china(moment: float) -> datetime:
    """A moment as the calendar in China has it, by which quotas are counted."""
    return datetime.fromtimestamp(moment, UTC).astimezone(CHINA)


def same_day(one: float, other: float) -> bool:
    return china(one).date() == china(other).date()


def same_month(one: float, other: float) -> bool:
    first, second = china(one), china(other)
    return (first.year, first.month) == (second.year, second.month)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""WeChat's verdicts in our words, each errcode by its class."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from app.domain.outcome import (
    Declined,
    Doubted,
    Failed,
    Gone,
    Misconfigured,
    Outcome,
    Postponed,
    Refused,
    Throttled,
    Undecided,
)
from app.domain.quota import next_day
from app.telemetry import UNCLASSIFIED, log
from workers.wechat.wire import Broken, Reply

CHINA = ZoneInfo("Asia/Shanghai")
BUSY, USED, TOO_FAST, NO_DRAFT, NO_QUOTA, BAD_ID = -1, 45065, 45066, 40007, 45028, 40059
TOKEN = frozenset({40001, 40014, 42001, 41001})
ACCOUNT = frozenset({40013, 40125, 40164, 61004, 89501, 89503})
GONE = frozenset({48001, 48004, 48008, 50002, 61007})
CONTENT = frozenset(
    {40004, 40005, 40006, NO_DRAFT, 40008, 40009, 43002, 43003, 44003, *range(45001, 45009), 45067, 45110, 45166}
    | {47001, 47003, 53503, 53504, 53505, BAD_ID}
)
MINUTE, REST, HOUR = 60.0, 60.0, 3600.0


def read(reply: Reply | Broken, now: datetime, *, pushing: bool) -> Outcome:
    """Say what a call that did not succeed came to. `pushing`: it was the one that reaches followers."""
    if isinstance(reply, Broken):
        return Doubted(f"WeChat gave no verdict: {reply.why}") if pushing and reply.left else Failed(reply.why)
    text = f"WeChat says {reply.errcode}: {reply.words}"
    meanings: list[tuple[frozenset[int], Callable[[], Outcome]]] = [
        (frozenset({BUSY}), lambda: Failed(text)),
        (frozenset({TOO_FAST}), lambda: Postponed(REST, "the same message was handed in a moment ago")),
        (frozenset({45011}), lambda: Throttled(MINUTE, everywhere=True)),
        (frozenset({45009, NO_QUOTA}), lambda: Postponed(until_tomorrow(now), f"{text}; tried again tomorrow")),
        (TOKEN | ACCOUNT, lambda: Misconfigured(text)),
        (GONE, lambda: Gone(text)),
        (CONTENT, lambda: Refused(text)),
    ]
    for codes, meaning in meanings:
        if reply.errcode in codes:
            return meaning()
    UNCLASSIFIED.labels("wechat").inc()
    log.warning("answer.unclassified", kind="wechat", reason=text)
    if pushing:
        return Undecided(text)
    return Declined(text) if reply.errcode else Failed(text)  # without an errcode it may be a proxy's


def until_tomorrow(now: datetime) -> float:
    """Give the seconds until the next day begins in China, where quotas are counted."""
    return (next_day(now, CHINA) - now).total_seconds() + 1

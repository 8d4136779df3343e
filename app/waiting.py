# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What would keep a notice from going out at once, by how its source, its channels and their accounts stand now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from app.database import Pool
from app.domain.cap import Cap
from app.domain.lane import GOALS, LANES
from app.domain.notice import Notice, Priority
from app.domain.waits import Wait
from app.kinds import CAPPED
from app.renderings import Rendering

NO_CAP = Cap()
# `tried`: a correction is no news, which alone a day's cap counts. `earlier`: as the claim looks for them.
STANDS = """
select c.id, c.kind, c.told_on, c.told, c.paused_at is not null as paused, a.opens_at,
       p.blocked_reason is not null and p.away_since is null as blocked, p.away_since is not null as away,
       exists (select from delivery d where d.channel_id = c.id and d.notice_id = $2 and d.attempts > 0) as tried,
       exists (select from delivery d
                where d.channel_id = c.id and d.state in ('due', 'in_doubt') and not d.parked and d.awaits is null
                  and d.ready_at <= $3 and d.due_at <= $3 + interval '1 minute' and d.rank < $3 + $4::interval
                  and d.notice_id is distinct from $2) as earlier
  from channel c left join pace p on p.kind = c.kind left join allowance a on a.channel_id = c.id
 where c.id = any($1::uuid[])
"""
"""Where the notice is known: $2."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every channel: whether a second person is asked, a day's cap, when the source may hand in again.

    `known`: the notice that the event_id belongs to.
    """

    second_person: bool = False
    cap: Cap = NO_CAP
    quota: datetime | None = None
    known: UUID | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of a channel's post: which approvals it waits for, its rendering, why there is none."""

    awaits: Sequence[str] = ()
    rendering: Rendering | None = None
    missing: str | None = None


async def standing(
    pool: Pool, notice: Notice, known: UUID | None, channels: Sequence[UUID], now: datetime
) -> Mapping[UUID, asyncpg.Record]:
    """Look how the channels stand for a notice, by their ids."""
    rows = await pool.fetch(STANDS, channels, known, now, GOALS[LANES[notice.priority]])
    return {row["id"]: row for row in rows}


def waits(notice: Notice, rules: Rules, row: asyncpg.Record, shown: Shown, now: datetime) -> list[Wait]:
    """Say what the notice would wait for in a channel that it reaches; empty where it goes out at once."""
    at = max(now, notice.publish_at or now)
    pushes = 1 if shown.rendering is None else shown.rendering.pushes
    opens_at = row["opens_at"]
    capped = at + rules.cap.until_tomorrow(at) if _is_capped(notice, rules, row, at) else None
    cases = (
        ("quota", rules.quota is not None, rules.quota),
        ("scheduled", at > now, at),
        ("second_person", rules.second_person, None),
        ("approval", bool(shown.awaits), None),
        ("paused", row["paused"], None),
        ("account_blocked", row["blocked"], None),
        ("platform_away", row["away"], None),
        ("daily_cap", capped is not None, capped),
        ("push_choice", shown.rendering is not None and shown.rendering.chosen, None),
        ("push_quota", pushes > 0 and opens_at is not None and opens_at > at, opens_at),
        ("earlier", row["earlier"], None),
        ("no_worker", shown.missing is not None, None),
    )
    return [Wait(reason, until) for reason, holds, until in cases if holds]


def _is_capped(notice: Notice, rules: Rules, row: asyncpg.Record, at: datetime) -> bool:
    counts = row["kind"] in CAPPED and not row["tried"] and notice.priority is not Priority.URGENT
    return counts and rules.cap.is_reached(row["told_on"], row["told"], at)

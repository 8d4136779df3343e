# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Looks at an installation the way a colleague would: what is well, what is not, and what to do about it."""

import asyncio
from dataclasses import dataclass

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.checks import ask
from app.database import AWAY, Database
from app.doorbell import Doorbell, over_tls
from app.migrate import newest
from app.settings import Settings

SECONDS = 3.0
WORKERS = "select count(*) from worker where seen_at > now() - interval '10 seconds'"
SAD = """
select count(*) filter (where state = 'dead') as dead, count(*) filter (where state = 'held') as held from delivery
 where state in ('dead', 'held')
"""
PAUSED = "select slug, paused_reason from channel where paused_at is not null and retired_at is null order by slug"
ONE_OF_EACH = """
select distinct on (kind) kind, slug, address from channel where retired_at is null and paused_at is null
 order by kind, created_at desc
"""
DOUBTS = """
select distinct coalesce(nullif(zone, ''), 'all zones') || ' on ' || day || ': ' || detail as said from bulletin_doubt
 where detail is not null and day >= (now() - interval '3 hours')::date order by 1
"""
BLOCKED = "select kind, blocked_reason from pace where blocked_reason is not null"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` says what to do when it is not well."""

    what: str
    well: bool
    finding: str
    advice: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Look at Postgres, Redis, the workers, the platforms, and what waits for a person."""
    known = Finding("settings", well=True, finding="read, and in order")
    postgres, redis = await _postgres(settings), await _redis(settings)
    has_workers = any(each.what == "workers" and each.well for each in postgres)
    return [known, *postgres, redis, *(await _platforms(settings) if has_workers else [])]


async def _postgres(settings: Settings) -> list[Finding]:
    try:
        connection = await asyncpg.connect(str(settings.database_url), timeout=SECONDS)
    except (*AWAY, asyncpg.PostgresError) as error:
        advice = "Is Postgres running, and are CAMPANELLA_DATABASE_URL and its password right?"
        return [Finding("Postgres", well=False, finding=type(error).__name__, advice=advice)]
    try:
        return [Finding("Postgres", well=True, finding="answers"), *await _database(connection)]
    finally:
        await connection.close()


async def _database(connection: asyncpg.Connection) -> list[Finding]:
    try:
        version = await connection.fetchval("select version_num from alembic_version")
    except asyncpg.UndefinedTableError:
        version = None
    if version != newest():
        return [
            Finding("migrations", well=False, finding=f"at {version or 'nothing'}", advice="Run: campanella migrate")
        ]
    found = [Finding("migrations", well=True, finding=f"at {version}")]
    workers = await connection.fetchval(WORKERS)
    advice = "" if workers else "Start one: campanella worker"
    found.append(Finding("workers", well=workers > 0, finding=f"{workers} seen in the last ten seconds", advice=advice))
    return [*found, *await _waiting(connection)]


async def _waiting(connection: asyncpg.Connection) -> list[Finding]:
    sad = await connection.fetchrow(SAD)
    dead, held = (sad["dead"], sad["held"]) if sad else (0, 0)
    paused = [f"{row['slug']}: {row['paused_reason']}" for row in await connection.fetch(PAUSED)]
    doubts = [row["said"] for row in await connection.fetch(DOUBTS)]
    blocked = [f"{row['kind']}: {row['blocked_reason']}" for row in await connection.fetch(BLOCKED)]
    return [
        Finding("dead letters", dead == 0, str(dead), "See GET /v1/dead-letters and redrive them." if dead else ""),
        Finding("held deliveries", held == 0, str(held), "See GET /v1/held and decide." if held else ""),
        Finding("channels", not paused, "; ".join(paused) or "none paused", "Mend and resume them." if paused else ""),
        Finding(
            "accounts", not blocked, "; ".join(blocked) or "none refused", "Is the token right?" if blocked else ""
        ),
        Finding("bulletins", not doubts, "; ".join(doubts) or "read whole", "Look at the bulletin." if doubts else ""),
    ]


async def _platforms(settings: Settings) -> list[Finding]:
    """Let a worker ask each platform about one of its channels: that needs a token that is right."""
    database, doorbell = await Database.open(settings), Doorbell(str(settings.redis_url))
    try:
        rows = await database.pool.fetch(ONE_OF_EACH)
        answers = [await ask(database.pool, doorbell, row["kind"], row["address"]) for row in rows]
    finally:
        await doorbell.close()
        await database.close()
    return [
        Finding(
            row["kind"],
            well=answer.verdict == "ok",
            finding=f"asked about {row['slug']}: {answer.problem or 'we may post there'}",
            advice="" if answer.verdict == "ok" else "Mend it, or look at the worker's log.",
        )
        for row, answer in zip(rows, answers, strict=True)
    ]


async def _redis(settings: Settings) -> Finding:
    url = str(settings.redis_url)
    client = Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS, **over_tls(url))
    try:
        await asyncio.wait_for(client.ping(), SECONDS)
    except (RedisError, OSError, TimeoutError) as error:
        advice = "Notices still go out within a second or two; is CAMPANELLA_REDIS_URL right?"
        return Finding("Redis", well=False, finding=type(error).__name__, advice=advice)
    finally:
        await client.aclose()
    return Finding("Redis", well=True, finding="answers")

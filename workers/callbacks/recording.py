# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes down what a call came to: for the call itself, and for the endpoint, which may be given up."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.database import AWAY, Connection, Pool
from app.domain.callback import FAILURES, PATIENCE, WITHIN, EventType, pause_after
from app.telemetry import log
from workers.callbacks.telling import body_of, new_id
from workers.clock import Clock
from workers.speaking import Said, Unheard

GONE, THROTTLING = 410, (429, 502, 504)
REST = 60.0
"""Seconds of rest for an endpoint that asks for it without saying how long."""
DELIVERED = """
update endpoint_call set state = 'delivered', settled_at = now(), error = null where id = $1 and tries = $2
"""
WELL = """
update endpoint set turn_until = null, failures = 0, failed_at = null, failing_since = null,
                    free_at = greatest(free_at, now() + $3::interval)
 where id = $1 and turn_until = $2
"""
LATER = "update endpoint_call set due_at = now() + $3::interval, error = $4 where id = $1 and tries = $2"
GIVEN_UP = """
update endpoint_call set state = 'failed', settled_at = now(), error = $3 where id = $1 and tries = $2
"""
# The clock of an endpoint starts with several failures within a day, so that one bad minute starts nothing.
ILL = """
with counted as (
  select id, case when failed_at > now() - $4::interval then failures + 1 else 1 end as failures,
         case when failed_at > now() - $4::interval then failed_at else now() end as failed_at
    from endpoint where id = $1 for no key update
)
update endpoint e
   set turn_until = case when e.turn_until = $2 then null else e.turn_until end,
       free_at = greatest(e.free_at, now() + $3::interval),
       failures = c.failures, failed_at = c.failed_at,
       failing_since = coalesce(e.failing_since, case when c.failures >= $5 then now() end)
  from counted c where e.id = c.id
returning e.failing_since < now() - $6::interval as hopeless
"""
DISABLE = """
update endpoint set disabled_at = now(), disabled_reason = $2, turn_until = null
 where id = $1 and disabled_at is null returning source, url, disabled_at
"""
REST_OF_THEM = """
update endpoint_call set state = case when tries = 0 then 'missed' else 'failed' end, settled_at = now()
 where endpoint_id = $1 and state = 'due'
"""
TELL_OTHERS = """
insert into endpoint_call (id, endpoint_id, type, key, body, state)
select $1 || right(md5(id::text), 8), id, $2, $3, $4, case when disabled_at is null then 'due' else 'missed' end
  from endpoint where source = $5 and id <> $6 and retired_at is null and $2 = any(types)
on conflict (endpoint_id, key) do nothing
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """One try of one call (`tries` says which), under a turn of the endpoint, and what was heard."""

    endpoint: UUID
    turn: datetime
    rate: int | None
    call: str
    tries: int
    heard: Said | Unheard
    clock: Clock

    @property
    def wish(self) -> str:
        """What the receiver asks for beside the status: abort-message, disable, or nothing."""
        given = self.heard.headers.get("webhook-delivery", "") if isinstance(self.heard, Said) else ""
        return given.strip().lower()

    @property
    def asked_to_wait(self) -> float | None:
        return self.heard.wait(self.clock.now()) if isinstance(self.heard, Said) else None


async def record(pool: Pool, tried: Tried, chance: float) -> None:
    """Write it down, with patience while Postgres is away; when the turn is over, the call is tried again anyway."""
    while tried.clock.now() < tried.turn:
        try:
            async with pool.acquire() as connection, connection.transaction():
                await _record(connection, tried, chance)
        except AWAY as error:
            log.warning("database.away", error=type(error).__name__)
            await asyncio.sleep(0.2)
        else:
            return


async def _record(connection: Connection, tried: Tried, chance: float) -> None:
    heard = tried.heard
    if isinstance(heard, Said) and heard.is_good and tried.wish != "disable":
        await connection.execute(DELIVERED, tried.call, tried.tries)
        spacing = timedelta(minutes=1) / tried.rate if tried.rate else timedelta(0)
        await connection.execute(WELL, tried.endpoint, tried.turn, spacing)
        log.info("callback.delivered", callback=str(tried.endpoint), call=tried.call, tries=tried.tries)
        return
    why = f"the receiver answers {heard.status}" if isinstance(heard, Said) else heard.reason
    await _failed(connection, tried, why, chance)
    hopeless = await connection.fetchval(ILL, tried.endpoint, tried.turn, _rest(tried), WITHIN, FAILURES, PATIENCE)
    reason = _reason_to_disable(tried, hopeless=bool(hopeless))
    if reason is not None:
        await disable(connection, tried.endpoint, reason)


async def _failed(connection: Connection, tried: Tried, why: str, chance: float) -> None:
    pause = None if tried.wish == "abort-message" else pause_after(tried.tries, chance, tried.asked_to_wait)
    if pause is None:
        await connection.execute(GIVEN_UP, tried.call, tried.tries, why)
    else:
        await connection.execute(LATER, tried.call, tried.tries, pause, why)
    facts = {"callback": str(tried.endpoint), "call": tried.call, "tries": tried.tries, "reason": why}
    log.warning("callback.failed", **facts, final=pause is None)


def _rest(tried: Tried) -> timedelta:
    """Let an endpoint that is asked too much rest, with all its other calls."""
    asked = tried.asked_to_wait
    throttled = isinstance(tried.heard, Said) and tried.heard.status in THROTTLING
    return timedelta(seconds=(REST if asked is None else asked) if throttled else 0)


def _reason_to_disable(tried: Tried, *, hopeless: bool) -> str | None:
    if isinstance(tried.heard, Said) and tried.heard.status == GONE:
        return "the receiver says that this address is gone (410)"
    if tried.wish == "disable":
        return "the receiver asked not to be called any more"
    return f"for {PATIENCE.days} days every call has failed" if hopeless else None


async def disable(connection: Connection, endpoint: UUID, reason: str) -> None:
    """Stop calling an endpoint, with a reason that everybody sees, and tell the source's other endpoints."""
    row = await connection.fetchrow(DISABLE, endpoint, reason)
    if row is None:
        return
    await connection.execute(REST_OF_THEM, endpoint)
    data = {"id": str(endpoint), "url": row["url"], "reason": reason}
    body = body_of(EventType.DISABLED, row["disabled_at"], data)
    key = f"{EventType.DISABLED}/{endpoint}/{row['disabled_at'].isoformat()}"
    await connection.execute(TELL_OTHERS, new_id(), EventType.DISABLED, key, body, row["source"], endpoint)
    log.error("callback.disabled", callback=str(endpoint), reason=reason)

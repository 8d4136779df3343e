# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Makes the calls that are owed: one at a time for each endpoint, signed, under one id for every try."""

import asyncio
import json
import random
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from app.database import Pool
from app.outgoing import Outgoing
from app.settings import Settings
from app.signing import headers
from app.telemetry import log
from app.vault import LockedError, Vault, kept
from workers.callbacks.recording import Tried, record
from workers.clock import Clock
from workers.speaking import Request, speak

PURPOSE = "callback"
TURN = timedelta(seconds=60)
"""Longer than any call: whoever has not come back by then is dead, and another worker goes on."""
FREE = """
update endpoint set turn_until = now() + $1::interval
 where id in (
   select e.id from endpoint e
    where e.retired_at is null and e.disabled_at is null and e.consented_at is not null and e.free_at <= now()
      and (e.turn_until is null or e.turn_until < now())
      and exists (select from endpoint_call where endpoint_id = e.id and state = 'due' and due_at <= now())
    order by e.free_at limit 50 for no key update skip locked)
returning id, source, url, rate, turn_until
"""
NEXT = """
update endpoint_call set tries = tries + 1, tried_at = now()
 where id = (select id from endpoint_call where endpoint_id = $1 and state = 'due' and due_at <= now()
              order by due_at, id limit 1)
returning id, body, headers, tries
"""
REST = "update endpoint set turn_until = null, free_at = now() + interval '1 minute' where id = $1"
LET_GO = "update endpoint set turn_until = null where id = $1 and turn_until = $2"


@dataclass(frozen=True)
class Caller:
    """Calls endpoints on behalf of one worker."""

    pool: Pool
    vault: Vault
    outgoing: Outgoing
    settings: Settings
    clock: Clock

    async def call(self) -> None:
        """Make the calls that are due, side by side for different endpoints, until none is."""
        while endpoints := await self.pool.fetch(FREE, TURN):
            await asyncio.gather(*(self._one(endpoint) for endpoint in endpoints))

    async def _one(self, endpoint: asyncpg.Record) -> None:
        """Make one call of one endpoint, and give its turn back."""
        try:
            keys = await kept(self.pool, self.vault, PURPOSE, str(endpoint["id"]))
            row = await self.pool.fetchrow(NEXT, endpoint["id"]) if keys else None
            if row is not None:
                await self._try(endpoint, row, keys)
                return
        except LockedError as error:
            log.error("account.misconfigured", kind="callback", reason=error.detail)
            await self.pool.execute(REST, endpoint["id"])
        await self.pool.execute(LET_GO, endpoint["id"], endpoint["turn_until"])

    async def _try(self, endpoint: asyncpg.Record, row: asyncpg.Record, keys: list[str]) -> None:
        body = row["body"].encode()
        signed = headers(keys, row["id"], self.clock.now(), body)
        told = {"Content-Type": "application/json", **json.loads(row["headers"]), **signed}
        heard = await speak(self.outgoing, Request("POST", endpoint["url"], told, body), self.settings.webhook_timeout)
        turn = (endpoint["id"], endpoint["turn_until"], endpoint["rate"])
        tried = Tried(*turn, row["id"], row["tries"], heard, self.clock)
        await record(self.pool, tried, random.random())  # noqa: S311 - spread, not secrecy

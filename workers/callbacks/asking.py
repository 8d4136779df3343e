# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Asks endpoints for their consent, before their first call, and again where it was refused or they did not answer."""

import asyncio
from datetime import timedelta

import asyncpg

from app.database import Pool
from app.outgoing import Outgoing
from app.settings import Settings
from app.telemetry import log
from workers.consent import consent

PER_MINUTE = 600
AGAIN = timedelta(minutes=10)
UNASKED = """
update endpoint set ask_at = now() + interval '60 seconds'
 where id in (select id from endpoint
               where consented_at is null and retired_at is null and disabled_at is null and ask_at <= now()
               order by ask_at for no key update skip locked limit 20)
returning id, url
"""
ANSWERED = """
update endpoint set consented_at = case when $2 then now() end, problem = $3, rate = $4, asked_at = now(),
                    ask_at = now() + $5::interval
 where id = $1
"""


async def ask_for_consent(pool: Pool, outgoing: Outgoing, settings: Settings) -> None:
    """Ask all that are to be asked now, side by side."""
    rows = await pool.fetch(UNASKED)
    await asyncio.gather(*(_ask(pool, outgoing, settings, row) for row in rows))


async def _ask(pool: Pool, outgoing: Outgoing, settings: Settings, row: asyncpg.Record) -> None:
    found = await consent(outgoing, settings, row["url"], PER_MINUTE)
    granted = found.granted is True
    await pool.execute(ANSWERED, row["id"], granted, None if granted else found.problem, found.rate, AGAIN)
    log.info("callback.asked", callback=str(row["id"]), granted=granted)

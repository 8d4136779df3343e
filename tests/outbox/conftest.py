# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A kind of channel as plain as can be, and a worker of three lines, on a real Postgres."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.database import SERVER_SETTINGS, Pool
from app.domain.delivery import Part
from app.domain.outcome import Outcome, Wire
from app.domain.pace import Limits
from app.domain.settle import settle
from app.outbox import ChannelKind, Claimed, Done, Owed, Taken, Turn, claim, record

PATIENT = {"lock_timeout": "60000", "statement_timeout": "60000", "idle_in_transaction_session_timeout": "120000"}
TURN = Turn(most=50, horizon=timedelta(milliseconds=100), lease=timedelta(seconds=30))


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=10, server_settings=SERVER_SETTINGS) as opened:
        yield opened


@pytest.fixture
async def patient(database_url: str) -> AsyncIterator[Pool]:
    """A pool for a test that has one wait for another, in which neither is given up on a machine that stands still."""
    settings = {**SERVER_SETTINGS, **PATIENT}
    async with asyncpg.create_pool(database_url, min_size=0, max_size=10, server_settings=settings) as opened:
        yield opened


def plainly(owed: Owed) -> Sequence[Part]:
    """Show the title and what has become of the notice."""
    text = f"{next(iter(owed.notice.texts.values())).title} r{owed.revision} {owed.progress.wanted is None}"
    return [Part(hashlib.sha256(text.encode()).hexdigest()[:8], text)]


def plain(limits: Limits | None = None) -> ChannelKind:
    return ChannelKind(
        "telegram", limits or Limits(0, 0, 0), plainly, lambda address: not address.isdigit(), deletes=True
    )


async def claimed(pool: Pool, *, limits: Limits | None = None, most: int = 50, lease: float = 30) -> Taken:
    return await claim(pool, plain(limits), Turn(most, TURN.horizon, timedelta(seconds=lease)))


async def recorded(
    pool: Pool, call: Claimed, outcome: Outcome, wire: Wire = Wire.RESPONSE, rest: float = 0
) -> set[int]:
    return {delivery for delivery, _ in await record(pool, [ended(call, outcome, wire, rest)])}


def ended(call: Claimed, outcome: Outcome, wire: Wire = Wire.RESPONSE, rest: float = 0) -> Done:
    settlement = settle(call.owed.progress, call.intent, outcome, datetime.now(UTC), 0.0)
    return Done(call.owed, call.intent, call.token, outcome, settlement, wire, timedelta(seconds=rest))


async def deliveries(pool: Pool) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await pool.fetch("select * from delivery order by id")
    return rows

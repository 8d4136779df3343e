# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Workers end at any instant while receivers misbehave: each event is taken, under one id, and no callback is lost."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr
from pydantic_core import Url
from uuid_utils.compat import uuid7

from app.amend import Change, withdraw
from app.database import SERVER_SETTINGS, Pool
from app.domain.callback import EventType
from app.settings import Settings
from app.signing import new_shared_secret
from app.vault import Vault, keep, new_key, rotate
from tests.given import a_channel, accepted
from tests.receiver import Receiver, a_receiver
from tests.reliability.ground import LEASE, TRACES, until
from tests.reliability.processes import Nursery, Processes

TOLD = (EventType.DELIVERED, EventType.WITHDRAWN)
ENDPOINT = "insert into endpoint (id, source, url, types) values ($1, 'mensa', $2, $3)"
OPEN = """
select (select count(*) from delivery where state in ('due', 'in_doubt'))
     + (select count(*) from endpoint_change) + (select count(*) from endpoint_call where state = 'due')
"""
# What waits for a later try is let go on at once: hours of patience are not what is tested here.
HURRY = """
with calls as (update endpoint_call set due_at = now() where state = 'due' and due_at > now()),
     held as (update endpoint set free_at = least(free_at, now()), ask_at = least(ask_at, now()),
                                  turn_until = case when turn_until > now() + interval '57 seconds' then turn_until end)
update delivery set due_at = now() where state in ('due', 'in_doubt') and due_at > now() and lease_until is null
"""


@dataclass
class Town:
    """Receivers on this machine, and workers that are killed."""

    pool: Pool
    receiver: Receiver
    workers: Processes
    vault: Vault

    async def channels(self, many: int) -> None:
        secret = new_shared_secret()
        self.receiver.secrets.append(secret)
        for number in range(many):
            slug = f"registro-{number}"
            made = await a_channel(self.pool, slug, kind="webhook", address=self.receiver.url(f"/{slug}"))
            async with self.pool.acquire() as connection:
                await rotate(connection, self.vault, "channel", str(made), secret, timedelta(hours=1))

    async def endpoint(self) -> None:
        number: UUID = uuid7()
        secret = new_shared_secret()
        self.receiver.secrets.append(secret)
        async with self.pool.acquire() as connection:
            await connection.execute(ENDPOINT, number, self.receiver.url("/told"), list(TOLD))
            await keep(connection, self.vault, "callback", str(number), secret)

    async def settles(self) -> None:
        """Wait until nothing is open, as long as anything is heard or claimed."""

        async def nothing_is_open() -> bool:
            await self.pool.execute(HURRY)
            return bool(await self.pool.fetchval(OPEN) == 0)

        async def traces() -> tuple[int, int]:
            return len(self.receiver.calls), await self.pool.fetchval(TRACES)

        await until(nothing_is_open, moves=traces)


@pytest.fixture
async def town(nursery: Nursery, database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    key = new_key()
    async with a_receiver(tmp_path) as receiver:
        environment = {
            "CAMPANELLA_DATABASE_URL": database_url,
            "CAMPANELLA_REDIS_URL": redis_url,
            "CAMPANELLA_KINDS": "webhook",
            "CAMPANELLA_SECRET_KEYS": key,
            "CAMPANELLA_WEBHOOK_TIMEOUT": "1",
            "CAMPANELLA_WEBHOOK_PER_SECOND": "0",
            "CAMPANELLA_LEASE": str(LEASE),
            "CAMPANELLA_WORKER_PORT": "0",
            "CAMPANELLA_FETCH_EXCEPTIONS": receiver.host,
            "CAMPANELLA_FETCH_CA_FILE": str(receiver.authority),
        }
        workers = Processes(nursery, environment, tmp_path / "workers.log")
        settings = Settings(database_url=Url(database_url), redis_url=Url(redis_url), secret_keys=SecretStr(key))
        async with asyncpg.create_pool(database_url, min_size=0, server_settings=SERVER_SETTINGS) as pool:
            yield Town(pool, receiver, workers, Vault.of(settings))
        workers.close()


async def test_workers_killed_among_misbehaving_receivers_tell_each_event_under_one_id(town: Town) -> None:
    """5 kills, 60 deliveries and 20 callbacks; the night has 60, 800 and 200."""
    await survives(town, notices=20, channels=3, kills=5)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_workers_killed_all_night_tell_each_event_under_one_id(town: Town) -> None:
    await survives(town, notices=200, channels=4, kills=60)


async def survives(town: Town, notices: int, channels: int, kills: int) -> None:
    dice = random.Random(7)  # noqa: S311 - a seed, not a secret
    await town.channels(channels)
    await town.endpoint()
    town.workers.start(2)
    deeds: list[Any] = ["swallow", 500, 503, 302, (429, {"Retry-After": "0"})]

    feeding = asyncio.create_task(fed(town, notices))
    for _ in range(kills):
        town.receiver.script.extend(dice.choice(deeds) for _ in range(3))
        await asyncio.sleep(dice.uniform(0.1, 0.4))
        town.workers.kill(dice.choice(town.workers.running))
        town.workers.start()
    standing, withdrawn = await feeding
    await town.settles()

    told = ids_of(town.receiver)
    assert {len(ids) for ids in told.values()} == {1}
    published = {(path, number) for path, kind, number in told if kind == "notice.published"}
    assert published >= {(f"/registro-{place}", number) for place in range(channels) for number in standing}
    assert {number for _, kind, number in told if kind == EventType.DELIVERED} >= standing
    assert {number for _, kind, number in told if kind == EventType.WITHDRAWN} == withdrawn
    assert await town.pool.fetchval("select count(*) from endpoint_call where state <> 'delivered'") == 0


async def fed(town: Town, notices: int) -> tuple[set[str], set[str]]:
    """Hand notices in, and take every fifth back again; give the ids of both sorts."""
    standing, withdrawn = set(), set()
    for number in range(notices):
        notice = await accepted(town.pool, in_doubt="hold")
        standing.add(str(notice.id))
        if number % 5 == 4:
            await withdraw(town.pool, Change(notice.id, "mensa", "test", None))
            withdrawn.add(str(notice.id))
        await asyncio.sleep(0.05)
    return standing - withdrawn, withdrawn


def ids_of(receiver: Receiver) -> dict[tuple[str, str, str], set[str]]:
    """Give the ids under which each event of each notice arrived at each address."""
    ids: dict[tuple[str, str, str], set[str]] = {}
    for call in receiver.calls:
        assert call.verified
        ids.setdefault((call.path, call.event["type"], call.event["data"]["id"]), set()).add(call.id)
    return ids

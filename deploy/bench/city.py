# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is measured with: families' chats, and a municipal system that hands notices in over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from typing import Any

import aiohttp

from app.database import Pool
from deploy.bench.journal import LINGER
from deploy.bench.place import Place

FIRST_CHAT = 5_000_000_000
FIRST_CHANNEL = -1_001_000_000_000
SOURCE = "mensa"
NUMBERS = count(1)
CHATS = """
insert into channel (id, slug, kind, address, language, areas, can_ask)
select gen_random_uuid(), $1 || '-' || n, 'telegram', ($2::bigint + n * sign($2::bigint))::text, 'it',
       case when $4 then array[$1 || '-' || n] else array[$1] end, $5
  from generate_series(1, $3::int) as n
"""
OPEN = "select count(*) from delivery where state in ('due', 'in_doubt')"


async def add_chats(pool: Pool, area: str, many: int, *, each_its_own: bool = False, channels: bool = False) -> None:
    """Make private chats (or channels that can be asked) that follow one area, or area-1, area-2, ... each its own."""
    first = FIRST_CHANNEL if channels else FIRST_CHAT
    offset = 10_000 * next(NUMBERS) * (-1 if channels else 1)
    await pool.execute(CHATS, area, first + offset, many, each_its_own, channels)


def notice_json(area: str, **members: Any) -> dict[str, Any]:
    """Give an ordinary notice to those who follow an area."""
    number = next(NUMBERS)
    text = {
        "title": f"Mensa: pasto freddo venerdì 27 novembre ({number})",
        "body": "Per lo sciopero del personale della cucina il **pranzo** di venerdì è servito *freddo*.",
        "what_to_do": ["Chi ha una dieta speciale riceve il pasto come sempre."],
    }
    ordinary = {"event_id": f"mensa/{number}", "service": "mensa", "texts": {"it": text}, "audience": {"areas": [area]}}
    return {**ordinary, **members}


@dataclass(frozen=True, slots=True)
class Handed:
    """When a notice was on its way to us, and when we had answered for it (this machine's monotonic clock)."""

    posted: float
    accepted: float
    id: str
    deliveries: int


@dataclass
class Source:
    """A municipal system with its key."""

    session: aiohttp.ClientSession
    url: str
    handed: list[Handed] = field(default_factory=list)

    async def hand_in(self, area: str, **members: Any) -> Handed:
        """Hand one notice in; anything but 202 ends the scenario."""
        body = notice_json(area, **members)
        posted = time.monotonic()
        async with self.session.post(f"{self.url}/v1/notices", json=body) as response:
            answer = await response.json()
            accepted = time.monotonic()
        if response.status != HTTPStatus.ACCEPTED:
            raise RuntimeError(f"the notice was refused: {response.status} {answer}")
        one = Handed(posted, accepted, answer["id"], answer["deliveries"]["due"])
        self.handed.append(one)
        return one


@asynccontextmanager
async def source(place: Place) -> AsyncIterator[Source]:
    """Start an API, make a source with a key, and be it."""
    url = place.start_api()
    headers = {"Authorization": f"Bearer {await new_key(place, url)}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield Source(session, url)


async def new_key(place: Place, url: str) -> str:
    """Make the source as an operator does, and give its key."""
    headers = {"Authorization": f"Bearer {place.environment['CAMPANELLA_ADMIN_KEY']}"}
    body = {"slug": SOURCE, "name": "Mensa scolastica"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{url}/v1/sources", json=body) as response,
    ):
        answer = await response.json()
        if response.status != HTTPStatus.CREATED:
            raise RuntimeError(f"the source was refused: {response.status} {answer}")
        key: str = answer["key"] if isinstance(answer["key"], str) else answer["key"]["key"]
        return key


async def until_settled(pool: Pool, patience: float) -> bool:
    """Wait until nothing is open; False when patience is over."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if not await pool.fetchval(OPEN):
            return True
        await asyncio.sleep(0.1)
    return False


async def until_over(pool: Pool, patience: float) -> int:
    """Wait until nothing is open, and a little longer, before the journal is read; give how many are open then."""
    await until_settled(pool, patience)
    await asyncio.sleep(LINGER)
    still_open: int = await pool.fetchval(OPEN)
    return still_open

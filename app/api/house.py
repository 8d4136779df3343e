# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What one API process holds while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from app.access import Access
from app.api.crowd import Crowd
from app.api.gate import Gate
from app.api.wrong_keys import WrongKeys
from app.certificates import Certificates
from app.database import AWAY, Database
from app.doorbell import Doorbell
from app.gathering import Gathering
from app.health import Health
from app.networks import networks
from app.quotas import Quotas
from app.routing import Routing, Snapshot
from app.settings import Settings
from app.signatures import Signatures
from app.tasks import within
from app.vouchers import Vouchers

WRITE_DOWN = 60.0
"""Seconds between two records of which keys were used."""
GOODBYE = 2.0
"""Seconds for the last one."""


@dataclass(frozen=True)
class House:
    settings: Settings
    database: Database
    routing: Routing
    doorbell: Doorbell
    access: Access
    health: Health
    quotas: Quotas
    wrong_keys: WrongKeys
    gate: Gate
    gathering: Gathering
    vouchers: Vouchers | None
    signatures: Signatures

    @property
    def public(self) -> str:
        """The address that links in answers begin with."""
        return public_url(self.settings)


@asynccontextmanager
async def opened(settings: Settings, health: Health, crowd: Crowd, wrong_keys: WrongKeys) -> AsyncIterator[House]:
    """Open what a process needs, without waiting for servers that are away, and close it again."""
    database = await Database.open(settings)
    doorbell = Doorbell(str(settings.redis_url))
    certificates = Certificates(networks(settings.trusted_proxies))
    pepper, stays = settings.pepper, settings.admin_key_stays
    access = Access(database.pool, settings.admin_key, pepper=pepper, admin_stays=stays, certificates=certificates)
    quotas, gate = Quotas(database.pool, settings), Gate(database.pool, settings.shed_after, crowd)
    routing = Routing(_unread(settings))
    gathering = Gathering(database.pool, routing)
    vouchers = Vouchers.of(settings, database.pool, certificates)
    tasks = [asyncio.create_task(_write_down_for_ever(access)), asyncio.create_task(gate.watch())]
    try:
        inside = (quotas, wrong_keys, gate, gathering, vouchers, Signatures(database.pool, settings.audience))
        yield House(settings, database, routing, doorbell, access, health, *inside)
    finally:
        for task in tasks:
            task.cancel()
        await gathering.close()
        if vouchers is not None:
            await vouchers.close()
        with suppress(*AWAY):
            await within(GOODBYE, access.use.write_down())
        health.close()
        await doorbell.close()
        await database.close()


async def house(request: Request) -> House:
    found: House = request.app.state.house
    return found


Open = Annotated[House, Depends(house)]


def _unread(settings: Settings) -> Snapshot:
    """Say what the installation asks for, before services and channels are known."""
    return Snapshot(second_person=settings.second_person, equal_texts=settings.equal_texts == "refuse")


def public_url(settings: Settings) -> str:
    return str(settings.public_url).rstrip("/")


async def _write_down_for_ever(access: Access) -> None:
    while True:
        await asyncio.sleep(WRITE_DOWN)
        with suppress(*AWAY):
            await access.use.write_down()

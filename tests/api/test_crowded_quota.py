# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A crowd of callers that share a quota, coming at every moment of a taking."""

import asyncio

import pytest

from app.access import Caller
from app.database import Pool
from app.domain.key import Role
from app.quotas import Quotas
from app.settings import Settings
from tests.api.calling import fresh, some_settings


@pytest.mark.timeout(600)
async def test_whenever_they_come_the_quota_is_taken_whole_and_nobody_waits_for_ever(
    settings: Settings, pool: Pool
) -> None:
    short = some_settings(str(settings.database_url), str(settings.redis_url), requests_per_minute=60)
    quotas = Quotas(pool, short)

    async def comes(turn: int, caller: Caller) -> bool:
        for _ in range(turn * 4):
            await asyncio.sleep(0)
        return (await quotas.spend(caller)).wait is None

    for _ in range(20):
        caller = Caller(fresh("folla"), Role.SOURCE, fresh("folla"))
        begun = asyncio.get_running_loop().time()
        let_in = sum(await asyncio.gather(*(comes(turn, caller) for turn in range(180))))

        assert 60 <= let_in <= 61 + asyncio.get_running_loop().time() - begun

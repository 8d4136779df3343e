# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Handing in alerts, and looking at what became of them."""

import asyncio
from typing import Any

from app.database import Pool
from tests.alerts.given import SENT, cap
from tests.api.calling import Answer, Caller, fresh

CAP = "application/cap+xml"
SERVICE = "allerta-meteo"
PATIENCE, MANY = 120, 100
BLOCKED = """
select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
"""


async def hand_in(source: Caller, body: bytes, media_type: str = CAP) -> Answer:
    return await source.post("/v1/notices", body, Content_Type=media_type)


def alert(*infos: str, **members: Any) -> tuple[str, bytes]:
    """Give an identifier that no other test has, and the document."""
    identifier = fresh("cap")
    return identifier, cap(*infos, **{"identifier": identifier, **members})


def later(minute: int) -> str:
    return SENT.replace(":05:00", f":{minute:02}:00")


async def content(source: Caller, answer: Answer) -> dict[str, Any]:
    shown = await source.get(f"/v1/notices/{answer.body['id']}")
    return {**shown.body["content"], "status": shown.body["status"], "revision": shown.body["revision"]}


async def all_of(source: Caller) -> list[dict[str, Any]]:
    """Everything this source has handed in, newest first."""
    items: list[dict[str, Any]] = (await source.get("/v1/notices")).body["items"]
    return items


async def until_taken(source: Caller, body: bytes, media_type: str) -> Answer:
    for _ in range(MANY):
        answer = await hand_in(source, body, media_type)
        if answer.status != 503:
            return answer
    raise AssertionError(answer)


async def all_wait(pool: Pool, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if await pool.fetchval(BLOCKED) >= number:
                return
            await asyncio.sleep(0.01)


async def at_once(source: Caller, *bodies: bytes, table: str = "alert_message", media_type: str = CAP) -> list[Answer]:
    """Hand in messages of which each is taken up before any is kept, in their order."""
    async with source.pool.acquire() as connection, connection.transaction():
        await connection.execute("set local idle_in_transaction_session_timeout = 0")
        await connection.execute(f"lock table {table} in share mode")
        tasks = []
        for body in bodies:
            tasks.append(asyncio.create_task(until_taken(source, body, media_type)))
            await all_wait(source.pool, len(tasks))
    return await asyncio.gather(*tasks)

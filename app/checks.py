# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Asks the workers about a channel: the app does not know the platforms, so the question is a row they answer."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from uuid_utils.compat import uuid7

from app.database import Pool
from app.domain.errors import UnauthenticatedError
from app.doorbell import Doorbell
from app.fallen import FALLEN

PATIENCE = 8.0
"""Seconds to wait for an answer while a worker is known to be alive."""
LOOK = 0.02
ALIVE = "select exists (select from worker where seen_at > now() - interval '5 seconds')"
QUESTION = f"""
insert into channel_check (id, kind, address, ask)
select $1, $2, $3, $4 from (select $5::text) as caller (by) where not {FALLEN}
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform says of an address.

    `verdict`: "ok", "refused" (a person must mend something; `problem` says what, in words for an office clerk),
    or "unknown" (it could not be asked now). `rights` and `title` come from the platform, `address` is the form to
    keep (a number rather than a name), `can_ask` is the proof that the channel can be asked after a doubt, `link` is
    where anyone may follow the channel.
    """

    verdict: str
    problem: str | None = None
    title: str | None = None
    address: str | None = None
    rights: dict[str, bool] | None = None
    can_ask: bool = False
    link: str | None = None


async def ask(pool: Pool, doorbell: Doorbell, kind: str, address: str, *, by: str = "", prove: bool = False) -> Answer:
    """Put the question and wait for a worker's answer; "unknown" at once when no worker is alive.

    `prove`: also post a silent test post, ask for it and for the place after it, delete it, and report the result.
    Raises UnauthenticatedError, and nothing is asked, where `by` is a key that stands no more.
    """
    if not await pool.fetchval(ALIVE):
        return Answer("unknown", "no worker is running, so the channel could not be checked")
    number = uuid7()
    if await pool.execute(QUESTION, number, kind, address, prove, by) == "INSERT 0 0":
        raise UnauthenticatedError
    doorbell.ring()
    for _ in range(int(PATIENCE / LOOK)):
        found = await pool.fetchval("select answer from channel_check where id = $1", number)
        if found is not None:
            return Answer(**_read(found))
        await asyncio.sleep(LOOK)
    return Answer("unknown", "the check was not answered in time")


def _read(found: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(found)
    return answer

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-13: what ended its workers twice is claimed alone, and only by a process that has nothing else on the wire."""

from dataclasses import replace

from app.database import Pool
from app.domain.backoff import SUSPECT
from app.outbox import Beside, Taken, claim
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, plain

CRASHED = """
update delivery d set crashes = $2 from channel c where c.id = d.channel_id and c.slug = any($1)
"""


async def crashed(pool: Pool, *slugs: str) -> None:
    """Publish to five channels, and have these end their workers twice."""
    for number in range(5):
        await a_channel(pool, f"c{number}")
    await accepted(pool)
    await pool.execute(CRASHED, slugs, SUSPECT)


async def taken(pool: Pool, beside: Beside) -> Taken:
    return await claim(pool, plain(), replace(TURN, beside=beside))


def slugs(one: Taken) -> list[str]:
    return [call.owed.slug for call in one.calls]


async def test_what_stands_before_the_first_suspect_goes_together(pool: Pool) -> None:
    await crashed(pool, "c2")

    assert slugs(await taken(pool, Beside.QUICK)) == ["c0", "c1"]


async def test_a_suspect_goes_alone_from_an_empty_process(pool: Pool) -> None:
    await crashed(pool, "c0", "c1")

    assert slugs(await taken(pool, Beside.NOTHING)) == ["c0"]
    assert slugs(await taken(pool, Beside.NOTHING)) == ["c1"]
    assert slugs(await taken(pool, Beside.NOTHING)) == ["c2", "c3", "c4"]


async def test_beside_others_it_waits_with_nothing_leased_but_not_for_a_call_that_takes_its_time(pool: Pool) -> None:
    await crashed(pool, "c0")

    waits = await taken(pool, Beside.QUICK)

    assert (waits.calls, waits.again) == ((), 0.1)
    assert await pool.fetchval("select count(*) from delivery where lease_until is not null") == 0
    assert slugs(await taken(pool, Beside.SLOW)) == ["c1", "c2", "c3", "c4"]
    assert slugs(await taken(pool, Beside.SLOW)) == []

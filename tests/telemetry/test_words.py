# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the status page says in words."""

import pytest

from app.database import Pool
from app.health import Health
from tests.given import a_channel, accepted
from tests.telemetry.test_figures import age


async def test_what_a_person_may_want_to_look_at_is_said_in_words(health: Health, pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, priority="urgent")
    await accepted(pool)
    await accepted(pool)
    await age(pool, 61)
    await pool.execute("update delivery set state = 'held' where id = (select max(id) from delivery)")

    answer = await health.status()

    assert (answer.status, answer.document["status"]) == (200, "warn")
    assert answer.document["notes"] == [
        "no worker has been seen for 10 seconds: what is accepted waits",
        "the oldest urgent delivery has been due for 61 seconds",
        "deliveries held until a person decides: 1",
    ]
    assert answer.document["deliveries"] == {"due": 2, "in_doubt": 0, "held": 1, "dead": 0}


async def test_with_a_worker_and_nothing_late_all_is_well(health: Health, pool: Pool) -> None:
    await pool.execute("insert into worker (id, host) values (gen_random_uuid(), 'h')")
    await a_channel(pool)
    await accepted(pool)

    answer = await health.status()

    assert (answer.document["status"], answer.document["notes"]) == ("pass", [])
    assert answer.document["channels"] == {"active": 1, "paused": 0}


@pytest.mark.parametrize("state", ["held", "dead"])
async def test_what_waits_for_a_person_in_a_channel_that_was_retired_is_told_no_more(
    health: Health, pool: Pool, state: str
) -> None:
    await pool.execute("insert into worker (id, host) values (gen_random_uuid(), 'h')")
    for slug in ("prima", "dopo"):
        await a_channel(pool, slug)
    await accepted(pool)
    await pool.execute("update delivery set state = $1", state)

    found = []
    for slug in ("prima", "dopo"):
        await pool.execute("update channel set retired_at = now() where slug = $1", slug)
        found.append((await health.status()).document)

    assert [(each["deliveries"][state], each["status"]) for each in found] == [(1, "warn"), (0, "pass")]

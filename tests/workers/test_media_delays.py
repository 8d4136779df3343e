# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A file that cannot be had at once is asked for again, and holds its notice up for a while and no longer."""

from datetime import timedelta

import pytest

from tests.workers.conftest import City, until
from tests.workers.test_media import attached, city, sorts
from tests.workers.trap import Trap

__all__ = ["city"]
PASSES = """
with notices as (update notice set changed_at = changed_at - $1::interval)
update delivery set ready_at = ready_at - $1::interval, due_at = due_at - $1::interval, rank = rank - $1
"""
# Somebody has taken it and does not come back with it, however long the test lasts: it is neither there nor given up.
HANGS = "update media set taken_until = now() + interval '1 hour'"
HAS_WAITED = "select min(started_at) >= (select min(ready_at) from delivery) + $1::interval from attempt"


async def test_a_picture_that_failed_twice_for_the_moment_is_sent_after_all(city: City, trap: Trap) -> None:
    await city.channel()
    trap.script.extend(["/busy", "/short"])

    await city.accepts(attachments=attached(trap, "a.png"), priority="bulk")
    await city.settled()

    assert (trap.hits, sorts(city)) == (3, ["photo"])
    assert "a.png" not in city.texts()[0]


async def test_a_picture_that_fails_a_third_time_becomes_a_link(city: City, trap: Trap) -> None:
    await city.channel()
    trap.script.extend(["/busy", "/short", "/busy"])

    await city.accepts(attachments=attached(trap, "a.png"), priority="bulk")
    await city.settled()

    assert (trap.hits, sorts(city)) == (3, ["text"])
    assert "a.png" in city.texts()[0]
    assert await city.pool.fetchval("select state from media") == "failed"


@pytest.mark.parametrize(("priority", "seconds"), [("urgent", 5), ("normal", 30), ("bulk", 60)])
async def test_a_notice_whose_file_hangs_goes_out_after_a_while_with_a_link(
    city: City, trap: Trap, priority: str, seconds: int
) -> None:
    await city.channel()
    await city.accepts(attachments=attached(trap, "hang"), priority=priority)
    await city.pool.execute(PASSES, timedelta(seconds=seconds - 3))

    async def is_asked_for() -> bool:
        return trap.hits == 1

    await until(is_asked_for)
    await city.pool.execute(HANGS)
    await city.settled()

    assert sorts(city) == ["text"]
    assert f"https://{trap.host}/hang" in city.texts()[0]
    assert await city.pool.fetchval(HAS_WAITED, timedelta(seconds=seconds))
    assert await city.pool.fetchval("select state from media") == "wanted"
    trap.over.set()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the runbook says for a clock that was set back lets everything go on that the old time keeps waiting."""

import re
from pathlib import Path

from app.database import Pool
from app.domain.outcome import Delivered, Throttled
from app.domain.pace import Limits
from tests.given import a_channel, accepted
from tests.outbox.conftest import claimed, deliveries, recorded

RUNBOOK = Path(__file__).parents[2] / "deploy" / "runbook.md"
LIMITS = Limits(30, 1, 20)
OLD_TIME = """
update pace set free_at = free_at + interval '3 hours',
       sent = array(select at + interval '3 hours' from unnest(sent) as at);
update channel
   set free_at = greatest(free_at, now()) + interval '3 hours', turn_until = turn_until + interval '3 hours',
       others_free_at = greatest(others_free_at, now()) + interval '3 hours',
       sent = array(select at + interval '3 hours' from unnest(sent) as at);
update delivery set ready_at = ready_at + interval '3 hours', due_at = due_at + interval '3 hours',
       lease_until = lease_until + interval '3 hours'
"""
LEASED = "select extract(epoch from lease_until - now()) / 60 from delivery where lease_until is not null"


def what_the_runbook_says() -> str:
    _, said = RUNBOOK.read_text("utf-8").split("### The clock of Postgres was set back\n")
    found = re.search(r"```sql\n(.*?)```", said, re.DOTALL)
    assert found is not None
    return found[1]


async def test_after_the_clock_was_set_back_everything_goes_on_by_the_commands_of_the_runbook(pool: Pool) -> None:
    for area in ("posted", "leased", "waiting", "rests"):
        await a_channel(pool, area, areas=[area])
    for area in ("posted", "leased", "rests"):
        await accepted(pool, audience={"areas": [area]})
    await claimed(pool, limits=LIMITS, most=0)
    calls = {call.owed.slug: call for call in (await claimed(pool, limits=LIMITS)).calls}
    await recorded(pool, calls["posted"], Delivered(("1",)))
    await recorded(pool, calls["rests"], Throttled(3600))
    await accepted(pool, audience={"areas": ["waiting"]})
    await accepted(pool, audience={"areas": ["posted"]})
    await accepted(pool, audience={"areas": ["waiting"]}, publish_at="2099-01-01T00:00:00Z")
    before = await pool.fetchval("select max(ready_at) from delivery")
    await pool.execute(OLD_TIME)
    await pool.execute("update delivery set ready_at = $1, due_at = $1 where ready_at > '2098-01-01'", before)
    stuck = await claimed(pool, limits=LIMITS)

    await pool.execute(what_the_runbook_says())

    assert not stuck.calls
    assert {call.owed.slug for call in (await claimed(pool, limits=LIMITS)).calls} == {"posted", "waiting", "rests"}
    assert max(row["ready_at"] for row in await deliveries(pool)) == before
    assert all(minutes <= 20 for (minutes,) in await pool.fetch(LEASED))

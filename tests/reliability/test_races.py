# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What two may do to the same rows at the same moment, on a real Postgres."""

import asyncio
from datetime import UTC, datetime

from app.amend import Change, amend
from app.database import Pool
from app.domain.outcome import Delivered, Wire
from app.domain.settle import settle
from app.outbox import Claimed, Done, record
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, pool

__all__ = ["pool"]


async def test_a_claim_passes_over_what_is_being_changed(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)

    async with pool.acquire() as person, person.transaction():
        await person.execute("update delivery set due_at = now()")
        meanwhile = await asyncio.wait_for(claimed(pool), 1)

    assert (meanwhile.calls, meanwhile.ended) == ((), ())
    assert len((await claimed(pool)).calls) == 1


def delivered(call: Claimed) -> Done:
    outcome = Delivered((f"{call.owed.id}{call.token}",))
    settlement = settle(call.owed.progress, call.intent, outcome, datetime.now(UTC), 0.0)
    return Done(call.owed, call.intent, call.token, outcome, settlement, Wire.RESPONSE)


async def test_recording_and_correcting_many_at_once_never_wait_for_each_other_in_a_circle(pool: Pool) -> None:
    for slug in range(30):
        await a_channel(pool, f"c{slug}")
    number = (await accepted(pool, event_id="a")).id
    change = Change(number, "mensa", "test", None)

    for revision in range(40):
        calls = list((await claimed(pool)).calls)
        notice = a_notice(event_id="a", texts={"it": {"title": f"Avviso corretto {revision}"}})
        correcting = amend(pool, Routing(), change, notice)
        await asyncio.gather(correcting, record(pool, [delivered(call) for call in reversed(calls)]))

    assert len({row["wanted"] for row in await deliveries(pool)}) == 1

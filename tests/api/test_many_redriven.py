# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Very many dead letters are redriven in portions, each of which holds its own rows alone and is over by itself."""

import asyncio
import json

from tests.api.calling import Caller
from tests.api.test_waiting import waiting
from tests.reliability.ground import until

MANY = """
with copied as (
  insert into notice
  select (jsonb_populate_record(n, jsonb_build_object('id', gen_random_uuid(), 'event_id', 'copy/' || number))).*
    from notice n join delivery d on d.notice_id = n.id, generate_series(1, $2) as number where d.id = $1
  returning id
)
insert into delivery (notice_id, channel_id, lane, ready_at, due_at, rank, give_up_at, state, parked, wanted,
                      settled_at)
select copied.id, channel_id, lane, ready_at, due_at, rank, give_up_at, 'dead', false, 1, now()
  from delivery d, copied where d.id = $1
returning id
"""
HOLD = "select from delivery where id = $1 for no key update"
DUE = "select count(*) from delivery where id = any($1::bigint[]) and state = 'due'"
WRITTEN = "select after from audit where act = 'delivery.redriven' order by number"
PATH = "/v1/dead-letters/redrive"


async def test_what_is_redriven_of_many_is_kept_while_the_rest_waits_for_what_somebody_holds(operator: Caller) -> None:
    one = await waiting(operator, "dead")
    ids = [row["id"] for row in await operator.pool.fetch(MANY, one.delivery, 1_100)]

    async def begun() -> bool:
        return bool(await operator.pool.fetchval(DUE, ids) >= 499)

    async with asyncio.TaskGroup() as group, operator.pool.acquire() as other, other.transaction():
        await other.execute(HOLD, max(ids))
        call = group.create_task(operator.post(PATH, {"channel": one.channel}))
        await until(begun)

    assert call.result().body == {"matched": 1_101, "redriven": 1_101, "doubted": 0, "dry_run": False}
    assert await operator.pool.fetchval(DUE, ids) == 1_100
    written = [json.loads(row["after"]) for row in await operator.pool.fetch(WRITTEN)]
    assert [after["count"] for after in written[-3:]] == [500, 500, 101]


async def test_what_could_not_be_redriven_for_what_somebody_holds_is_redriven_by_the_same_call_again(
    operator: Caller,
) -> None:
    one = await waiting(operator, "dead")
    ids = [row["id"] for row in await operator.pool.fetch(MANY, one.delivery, 600)]

    async with operator.pool.acquire() as other, other.transaction():
        await other.execute(HOLD, max(ids))
        busy = await operator.post(PATH, {"channel": one.channel})
    again = await operator.post(PATH, {"channel": one.channel})

    assert busy.status == 503
    assert (again.body["matched"], again.body["redriven"]) == (101, 101)

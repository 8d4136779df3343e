# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S7: S4 and S5 again with a million past deliveries in the tables, beside the same without a past."""

import json
from collections.abc import Sequence
from contextlib import AsyncExitStack

import asyncpg

from deploy.bench.city import SOURCE, add_chats, notice_json, source
from deploy.bench.figure import Figure, Measured, at_most, median, quantile
from deploy.bench.ground import Ground
from deploy.bench.idle import AREA, Quiet
from deploy.bench.place import NONE, Place, place
from deploy.bench.size import Size
from deploy.bench.throughput import Round, bursts

PAST = 1_000_000
EACH = 50
POSTS = 10
COST = 1.2
# Past rows refer to each other by construction, so the checks of foreign keys are left out while they are loaded.
LOAD = """
set session_replication_role = replica;
create temp table past as
  select n, gen_random_uuid() as id, now() - n * interval '20 seconds' - interval '1 hour' as at
    from generate_series(1, {notices}) as n;
create temp table place as select row_number() over () - 1 as k, id from channel;
insert into notice (id, source, event_id, service, kind, priority, content, policy, created_at, changed_at, owed)
  select id, '{source}', 'past/' || n, 'mensa', 'info', 'normal', '{content}'::json, 'hold', at, at, {each} from past;
insert into revision (notice_id, number, content, digest, created_at, created_by)
  select id, 1, '{content}'::json, sha256(n::text::bytea), at, 'bench' from past;
insert into delivery (notice_id, channel_id, lane, rank, ready_at, due_at, give_up_at, state, wanted, shown, posts,
                      attempts, token, created_at, settled_at)
  select past.id, place.id, 1, at + interval '1 minute', at, at, at + interval '12 hours', 'delivered', 1, 1,
         '[{{"reference": "1", "digest": "0123456789abcdef"}}]'::json, 1, 1, at, at + interval '1 second'
    from past, generate_series(0, {each} - 1) as j, lateral (select count(*) as many from place) as all_of
    join place on true where place.k = (past.n * {each} + j) % all_of.many;
insert into attempt (delivery_id, token, action, part, revision, started_at, finished_at, outcome, wire, reference)
  select id, 1, 'post', 0, 1, created_at, settled_at, 'delivered', 'response', '1'
    from delivery where state = 'delivered'
  on conflict do nothing;
"""


async def age(there: Place, deliveries: int) -> None:
    """Put so many settled deliveries with notices and attempts into the tables, and let Postgres look at them."""
    content = json.dumps(notice_json("famiglie"), ensure_ascii=False).replace("'", "''")
    figures = {"notices": deliveries // EACH, "each": EACH, "source": SOURCE, "content": content}
    connection = await asyncpg.connect(there.environment["CAMPANELLA_DATABASE_URL"])
    try:
        await connection.execute(LOAD.format(**figures))
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def measure(ground: Ground, size: Size) -> Measured:
    """Alternate between a young and an aged installation."""
    rounds, posts = size.of(3, 2), size.of(6, 3)
    async with AsyncExitStack() as stack:
        pair = [await stack.enter_async_context(place(ground, NONE)) for _ in range(2)]
        made = [await bursts(there, size.of(5000, 1500), size.of(2000, 600)) for there in pair]
        await age(pair[1], PAST)
        quiet = [await _quiet(stack, there) for there in pair]
        everyone = [[await one.to_everyone() for one in made] for _ in range(rounds)]
        single = [[await one.one_per_channel() for one in made] for _ in range(rounds)]
        waits = [[await one.posts(POSTS) for one in quiet] for _ in range(posts)]
    young, aged = ([second for row in waits for second in row[which]] for which in (0, 1))
    return Measured(
        (
            *_costs("bulk", everyone),
            *_costs("one notice per channel", single),
            _ratio("POST to first byte, p50", quantile(aged, 0.5), quantile(young, 0.5)),
            Figure("POST to first byte, p50", 1000 * quantile(aged, 0.5), "ms"),
            Figure("POST to first byte, p99", 1000 * quantile(aged, 0.99), "ms"),
        ),
        (f"{PAST:,} past deliveries with their notices and attempts; ratios are to the same installation without.",),
    )


async def _quiet(stack: AsyncExitStack, there: Place) -> Quiet:
    await add_chats(there.pool, AREA, 2 * POSTS * 6, each_its_own=True)
    quiet = Quiet(there, await stack.enter_async_context(source(there)))
    await quiet.posts(3)
    return quiet


def _costs(what: str, rounds: Sequence[Sequence[Round]]) -> tuple[Figure, ...]:
    young, aged = ([row[which] for row in rounds] for which in (0, 1))
    time = [1 / median([one.per_second for one in column]) for column in (aged, young)]
    cpu = [median([one.cpu_ms for one in column]) for column in (aged, young)]
    return (_ratio(f"{what}: time per post", *time), _ratio(f"{what}: CPU per post", *cpu))


def _ratio(what: str, aged: float, young: float) -> Figure:
    return Figure(f"{what}: cost ratio", aged / young, "", at_most(COST))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S7: S4 and S5 again with a million past deliveries in the tables, beside the same without and the bare loops."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg

from deploy.bench.city import SOURCE, add_chats, notice_json, source
from deploy.bench.figure import Figure, Measured, at_most, median, quantile
from deploy.bench.ground import Ground
from deploy.bench.idle import AREA, QUICK_POSTS, Quiet
from deploy.bench.idle import POSTS as FULL_POSTS
from deploy.bench.place import NONE, Place, place
from deploy.bench.size import Size
from deploy.bench.throughput import BARE_AT_ONCE, Bursts, Round, bursts
from deploy.bench.throughput import figures as beside_the_bare_loops

PAST = 1_000_000
EACH = 50
POSTS = 10
COST = 1.2
YOUNG = "the same without a past"
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


@dataclass(frozen=True, slots=True)
class Rounds:
    """What was measured again and again: of ours each time the young and the aged installation, and the bare loops."""

    everyone: Sequence[Sequence[Round]]
    single: Sequence[Sequence[Round]]
    bare: Mapping[int, Sequence[Round]]


async def measure(ground: Ground, size: Size) -> Measured:
    """Alternate between a young and an aged installation."""
    async with AsyncExitStack() as stack:
        pair = [await stack.enter_async_context(place(ground, NONE)) for _ in range(2)]
        made = [await bursts(there, size.of(5000, 1500), size.of(2000, 600)) for there in pair]
        await age(pair[1], PAST)
        quiet = [await _quiet(stack, there) for there in pair]
        rounds = await _rounds(made, size.of(3, 2))
        waits = [[await one.posts(POSTS) for one in quiet] for _ in range(size.of(FULL_POSTS, QUICK_POSTS) // POSTS)]
    young, aged = ([row[which] for row in waits] for which in (0, 1))
    return Measured(
        (
            *_costs("bulk", rounds.everyone),
            *_costs("one notice per channel", rounds.single),
            *waiting(young, aged),
            *beside_the_bare_loops(_aged(rounds.everyone), _aged(rounds.single), rounds.bare),
        ),
        _REMARKS,
    )


async def _rounds(made: Sequence[Bursts], many: int) -> Rounds:
    everyone, single = [], []
    bare: dict[int, list[Round]] = {at_once: [] for at_once in BARE_AT_ONCE}
    for _ in range(many):
        everyone.append([await one.to_everyone() for one in made])
        single.append([await one.one_per_channel() for one in made])
        for at_once, past in bare.items():
            past.append(await made[1].bare(at_once))
    return Rounds(everyone, single, bare)


async def _quiet(stack: AsyncExitStack, there: Place) -> Quiet:
    await add_chats(there.pool, AREA, 2 * FULL_POSTS, each_its_own=True)
    quiet = Quiet(there, await stack.enter_async_context(source(there)))
    await quiet.posts(3)
    return quiet


def waiting(young: Sequence[Sequence[float]], aged: Sequence[Sequence[float]]) -> tuple[Figure, ...]:
    """Compare the seconds of the posts; what chance alone does to a p99 is told by the two halves of the young ones."""
    short, long = ([second for row in rows for second in row] for rows in (young, aged))
    halves = ([second for row in young[first::2] for second in row] for first in (0, 1))
    one, other = (quantile(half, 0.99) for half in halves)
    return (
        _ratio("POST to first byte, p50", quantile(long, 0.5), quantile(short, 0.5)),
        _ratio(f"POST to first byte, p99 of {len(long)}", quantile(long, 0.99), quantile(short, 0.99)),
        Figure("POST to first byte, p99: one half to the other", other / one, who=YOUNG),
        Figure("POST to first byte, p50", 1000 * quantile(long, 0.5), "ms"),
        Figure("POST to first byte, p99", 1000 * quantile(long, 0.99), "ms"),
        Figure("POST to first byte, p50", 1000 * quantile(short, 0.5), "ms", who=YOUNG),
        Figure("POST to first byte, p99", 1000 * quantile(short, 0.99), "ms", who=YOUNG),
    )


def _aged(rounds: Sequence[Sequence[Round]]) -> list[Round]:
    return [aged for _, aged in rounds]


def _costs(what: str, rounds: Sequence[Sequence[Round]]) -> tuple[Figure, ...]:
    young, aged = ([row[which] for row in rounds] for which in (0, 1))
    time = [1 / median([one.per_second for one in column]) for column in (aged, young)]
    cpu = [median([one.cpu_ms for one in column]) for column in (aged, young)]
    return (_ratio(f"{what}: time per post", *time), _ratio(f"{what}: CPU per post", *cpu))


def _ratio(what: str, aged: float, young: float) -> Figure:
    return Figure(f"{what}: cost ratio", aged / young, "", at_most(COST))


_REMARKS = (
    f"{PAST:,} past deliveries with their notices and attempts; cost ratios are to the same installation without.",
    "A p99 is of the three slowest at the most: what one half of the young is to the other is what chance does.",
    "The bare loop and Apprise keep no past. Alertmanager does, and would have to send a million alerts to have one.",
)

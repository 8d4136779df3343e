# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whoever gets past the triggers, as an administrator of Postgres can, is found by the chain and the anchor."""

import random
from collections.abc import Awaitable, Callable

import pytest

from app.audit import COLUMNS, anchor, verified
from app.database import Connection, Pool
from app.domain.chain import Anchor, Entry, link
from tests.audit.conftest import acts

ROWS, TAMPERINGS, SEED = 24, 1000, 20261125
Tamper = Callable[[Connection, random.Random], Awaitable[None]]
TEXTS = ("who", "label", "act", "target", "why", "address", "before", "after")


async def _edited(connection: Connection, chance: random.Random) -> None:
    member = chance.choice(TEXTS)
    how = chance.choice([f"coalesce({member}, '') || ' '", f"left({member}, 2)", f"upper({member} || 'x')"])
    number = chance.randint(1, ROWS)
    await connection.execute(f"update audit set {member} = {how} where number = $1", number)  # noqa: S608 - ours


async def _moved_in_time(connection: Connection, chance: random.Random) -> None:
    shift = f"{chance.choice(['-', ''])}{chance.randint(1, 10**9)} microseconds"
    await connection.execute(
        "update audit set at = at + $2::text::interval where number = $1", chance.randint(1, ROWS), shift
    )


async def _deleted(connection: Connection, chance: random.Random) -> None:
    await connection.execute("delete from audit where number = $1", chance.randint(1, ROWS))


async def _deleted_and_closed(connection: Connection, chance: random.Random) -> None:
    gone = chance.randint(1, ROWS)
    await connection.execute("delete from audit where number = $1", gone)
    await connection.execute("update audit set number = -number where number > $1", gone)
    await connection.execute("update audit set number = -number - 1 where number < 0")


async def _inserted(connection: Connection, chance: random.Random) -> None:
    place = chance.randint(1, ROWS)
    await connection.execute("update audit set number = -number where number >= $1", place)
    await connection.execute("update audit set number = -number + 1 where number < 0")
    others = COLUMNS.removeprefix("number, ")
    await connection.execute(
        f"insert into audit (number, {others}, hash) select $1, {others}, hash from audit where number = $2",  # noqa: S608 - ours
        place,
        chance.choice([number for number in range(1, ROWS + 2) if number != place]),
    )


async def _swapped(connection: Connection, chance: random.Random) -> None:
    one, two = chance.sample(range(1, ROWS + 1), 2)
    await connection.execute("update audit set number = -1 where number = $1", one)
    await connection.execute("update audit set number = $1 where number = $2", one, two)
    await connection.execute("update audit set number = $1 where number = -1", two)


async def _cut_off(connection: Connection, chance: random.Random) -> None:
    await connection.execute("delete from audit where number > $1", chance.randint(0, ROWS - 1))


async def _forged(connection: Connection, chance: random.Random) -> None:
    """Edit one entry and calculate all hashes after it anew: whole in itself, and not what the anchor has seen."""
    first = chance.randint(1, ROWS)
    await connection.execute("update audit set who = 'nobody' where number = $1", first)
    await _recalculated(connection)


async def _pruned(connection: Connection, chance: random.Random) -> None:
    """Cut off the beginning, and say that it was old."""
    last = chance.randint(1, ROWS)
    await connection.execute(
        "update audit_checkpoint set (number, at, hash) = "
        "(select number, at - interval '1 year', hash from audit where number = $1)",
        last,
    )
    await connection.execute("delete from audit where number <= $1", last)


async def _recalculated(connection: Connection) -> None:
    last = bytes(32)
    for row in await connection.fetch(f"select {COLUMNS} from audit order by number"):  # noqa: S608 - ours
        last = link(last, Entry(*row))
        await connection.execute("update audit set hash = $2 where number = $1", row["number"], last)


WAYS: list[Tamper] = [
    *(_edited, _moved_in_time, _deleted, _deleted_and_closed, _inserted, _swapped, _cut_off, _forged, _pruned)
]


async def test_a_thousand_tamperings_are_all_found(pool: Pool) -> None:
    chance, missed = random.Random(SEED), []  # noqa: S311 - repeatable
    anchors: list[Anchor] = []
    for size in (1, ROWS // 2, ROWS // 2 - 1):
        await acts(pool, size)
        anchors.append(await anchor(pool))

    async with pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")  # no trigger runs
        for number in range(TAMPERINGS):
            way = WAYS[number % len(WAYS)]
            attempt = connection.transaction()
            await attempt.start()
            await way(connection, chance)
            _, found = await verified(connection, anchors)
            missed += [] if found else [(number, way.__name__)]
            await attempt.rollback()
        whole = await verified(connection, anchors)
        await connection.execute("set session_replication_role = default")

    assert missed == []
    assert whole == (ROWS, [])


@pytest.mark.parametrize("way", [_cut_off, _forged], ids=lambda way: way.__name__)
async def test_without_an_anchor_a_clever_tampering_would_not_be_found(pool: Pool, way: Tamper) -> None:
    await acts(pool, ROWS)

    async with pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        attempt = connection.transaction()
        await attempt.start()
        await way(connection, random.Random(SEED))  # noqa: S311 - repeatable
        _, found = await verified(connection)
        await attempt.rollback()
        await connection.execute("set session_replication_role = default")

    assert found == []

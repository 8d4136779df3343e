# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is too old is forgotten, with all that hangs on it; of the audit log nothing before six months are over."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.audit import Actor, anchor, record, verify
from app.database import Pool
from app.domain.chain import Anchor, Entry, link
from app.settings import Settings
from app.tables import Notice
from app.unseen import is_first
from tests.audit.conftest import CLERK, acts
from tests.given import a_channel, accepted
from workers.prune import Kept, anchor_in_the_log, prune

AGES = [900, 800, 200, 190, 10, 0]
"""Days since each act was done."""

TIMES_OUT = """
create function takes_long() returns trigger language plpgsql as $$
begin
  raise exception 'it takes too long' using errcode = 'query_canceled';
end $$;
create trigger takes_long before delete on channel_check for each statement execute function takes_long();
"""


async def aged(pool: Pool) -> list[Anchor]:
    """Write a whole chain of acts of these ages, as it would be there after years; give an anchor of each day."""
    last, anchors = bytes(32), []
    for number, days in enumerate(AGES, 1):
        at: datetime = await pool.fetchval("select now() - $1::interval", timedelta(days=days))
        entry = Entry(number, at, CLERK.who, "", "source.changed", "source/mensa")
        last = link(last, entry)
        values = (number, at, entry.who, "", entry.act, entry.target, last)
        await pool.execute(
            "insert into audit (number, at, who, label, act, target, hash) values ($1, $2, $3, $4, $5, $6, $7)", *values
        )
        anchors.append(Anchor(number, at, last))
    return anchors


@pytest.mark.parametrize(("months", "left"), [(24, [3, 4, 5, 6]), (6, [5, 6]), (1, [5, 6]), (240, [1, 2, 3, 4, 5, 6])])
async def test_the_audit_log_forgets_what_is_too_old_and_stays_whole(pool: Pool, months: int, left: list[int]) -> None:
    anchors = await aged(pool)

    await prune(pool, Kept(audit=timedelta(days=31 * months)))
    await acts(pool, 1)

    numbers = [row["number"] for row in await pool.fetch("select number from audit order by number")]
    assert numbers == [*left, 7]
    assert await verify(pool, [*anchors, await anchor(pool)]) == (len(left) + 1, [])


async def test_what_was_pruned_too_early_is_noticed(pool: Pool) -> None:
    anchors = await aged(pool)
    async with pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "update audit_checkpoint set (number, at, hash) = (select number, at, hash from audit where number = 5)"
        )
        await connection.execute("delete from audit where number <= 5")
        await connection.execute("set session_replication_role = default")

    _, found = await verify(pool, anchors)

    assert found == ["Entry 5 was pruned before its time."]


async def a_settled_notice(pool: Pool, days: int) -> UUID:
    """Hand in a notice, deliver it, and put both so many days into the past."""
    number = (await accepted(pool)).id
    await pool.execute(
        "update delivery set state = 'delivered', settled_at = now() - $2::interval where notice_id = $1",
        number,
        timedelta(days=days),
    )
    await pool.execute(
        "insert into attempt (delivery_id, token, action, part, revision, outcome, started_at) "
        "select id, 1, 'post', 0, 1, 'delivered', now() - $2::interval from delivery where notice_id = $1",
        number,
        timedelta(days=days),
    )
    await pool.execute(
        "update notice set created_at = now() - $2::interval where id = $1", number, timedelta(days=days)
    )
    return number


async def test_an_old_notice_is_forgotten_with_all_that_hangs_on_it(pool: Pool) -> None:
    await a_channel(pool)
    await a_settled_notice(pool, 500)
    recent = await a_settled_notice(pool, 300)
    open_still = await a_settled_notice(pool, 500)
    await pool.execute("update delivery set settled_at = null, state = 'held' where notice_id = $1", open_still)
    valid_still = await a_settled_notice(pool, 500)
    await pool.execute("update notice set expires_at = now() where id = $1", valid_still)

    await prune(pool)

    left = {row["id"] for row in await pool.fetch("select id from notice")}
    owed = {row["notice_id"] for row in await pool.fetch("select notice_id from delivery")}
    assert left == owed == {recent, open_still, valid_still}
    assert await pool.fetchval("select count(*) from revision") == 3


async def test_attempts_are_forgotten_before_their_notice(pool: Pool) -> None:
    await a_channel(pool)
    for days in (100, 80):
        await a_settled_notice(pool, days)

    assert await prune(pool) == 1
    assert await prune(pool, Kept(attempts=timedelta(days=70))) == 1
    assert await pool.fetchval("select count(*) from notice") == 2


async def test_a_part_that_times_out_is_told_of_when_all_others_have_had_their_turn(pool: Pool) -> None:
    await a_channel(pool)
    await a_settled_notice(pool, 100)
    await pool.execute(TIMES_OUT)

    with pytest.raises(asyncpg.QueryCanceledError):
        await prune(pool)

    assert await pool.fetchval("select count(*) from attempt") == 0


CHANGES = {"endpoint_change.notice_id", "endpoint_change.delivery_id"}


def test_whatever_refers_to_notices_and_deliveries_can_be_deleted_with_them() -> None:
    """The deletion is derived from foreign keys; what a push cost, and calls to sources, have their own time."""
    loose = {
        f"{table.name}.{column.name}"
        for table in Notice.metadata.sorted_tables
        if not any(key.column.table.name in ("notice", "delivery") for key in table.foreign_keys)
        for column in table.columns
        if column.name in ("notice_id", "delivery_id")
    }

    assert loose == {"push.delivery_id", "endpoint_call.notice_id", *CHANGES}


def test_the_settings_say_for_how_long() -> None:
    settings = Settings.model_validate(
        {
            "database_url": "postgresql://u@h/d",
            "redis_url": "redis://h",
            "keep_attempts_days": 7,
            "keep_audit_months": 6,
        }
    )

    assert Kept.of(settings) == Kept(timedelta(days=403), timedelta(days=7), timedelta(days=186))
    assert Kept().audit == timedelta(days=744)


async def test_the_end_of_the_log_is_told_to_the_log_lines(pool: Pool, capfd: pytest.CaptureFixture[str]) -> None:
    await anchor_in_the_log(pool)
    assert "audit.anchored" not in "".join(capfd.readouterr())
    async with pool.acquire() as connection, connection.transaction():
        await record(connection, Actor("cli"), "key.created", "key/x")

    await anchor_in_the_log(pool)

    assert (await anchor(pool)).hash.hex() in "".join(capfd.readouterr())


async def test_a_token_that_was_used_is_remembered_for_as_long_as_it_could_come_again(pool: Pool) -> None:
    now = datetime.now(UTC)
    for name, minutes in (("long ago", -30), ("just now", -1), ("still", 5)):
        assert await is_first(pool, "dpop x", name, now + timedelta(minutes=minutes))

    await prune(pool)

    assert [await is_first(pool, "dpop x", name, now) for name in ("long ago", "just now", "still")] == [
        True,
        False,
        False,
    ]

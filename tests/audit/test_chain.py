# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The audit log grows in one chain, and Postgres refuses whatever would change it."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import anchor, record, verify
from app.database import Pool
from app.tables import Service
from tests.audit.conftest import CLERK, acts


async def test_an_empty_log_is_whole_and_has_an_anchor(pool: Pool) -> None:
    end = await anchor(pool)

    assert (end.number, await verify(pool, [end])) == (0, (0, []))


async def test_an_entry_says_who_what_why_from_where_and_what_changed(pool: Pool) -> None:
    await acts(pool, 1)

    row = await pool.fetchrow("select * from audit")
    assert row is not None
    assert (row["number"], row["who"], row["label"], row["address"]) == (1, CLERK.who, "Ufficio", "192.0.2.7")
    assert (row["act"], row["target"], row["why"]) == ("source.changed", "source/mensa", "richiesta 4711")
    assert (row["before"], row["after"]) == ('{"name": "Nome 0"}', '{"name": "Nome 1", "services": ["mensa"]}')


async def test_what_is_rolled_back_is_in_no_log(pool: Pool) -> None:
    async with pool.acquire() as connection:
        attempt = connection.transaction()
        await attempt.start()
        await record(connection, CLERK, "source.added", "source/mensa")
        await attempt.rollback()
    await acts(pool, 1)

    assert await pool.fetchval("select array_agg(number || act) from audit") == ["1source.changed"]
    assert await verify(pool) == (1, [])


async def test_a_session_writes_its_act_and_the_entry_together_or_not_at_all(pool: Pool, database_url: str) -> None:
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)

    async with sessions.begin() as session:
        session.add(Service(slug="piscine", name="Piscine"))
        await record(session, CLERK, "service.changed", "service/piscine", after={"name": "Piscine"})
    async with sessions() as session:
        session.add(Service(slug="musei", name="Musei"))
        await record(session, CLERK, "service.changed", "service/musei")
        await session.rollback()

    await engine.dispose()
    assert await pool.fetchval("select array_agg(slug) from service where slug in ('piscine', 'musei')") == ["piscine"]
    assert await verify(pool) == (1, [])


async def test_acts_at_the_same_time_make_one_chain(pool: Pool) -> None:
    await asyncio.gather(*(acts(pool, 5) for _ in range(8)))

    numbers = [row["number"] for row in await pool.fetch("select number from audit order by number")]
    assert numbers == list(range(1, 41))
    assert await verify(pool, [await anchor(pool)]) == (40, [])


REFUSED = [
    "update audit set who = 'nobody' where number = 2",
    "update audit set number = 9 where number = 3",
    "delete from audit where number = 1",
    "delete from audit",
    "truncate audit",
    "truncate audit cascade",
    "update audit_checkpoint set number = 3",
    "update audit_checkpoint set (number, at, hash) = (select number, at, hash from audit where number = 3)",
    "delete from audit_checkpoint",
    "truncate audit_checkpoint",
    "insert into audit_checkpoint values (false, 9, now(), '')",
    "with gone as (delete from audit where number = 3 returning *) select count(*) from gone",
    "insert into audit select * from audit on conflict (number) do update set who = 'nobody'",
]


@pytest.mark.parametrize("statement", REFUSED)
async def test_postgres_refuses_to_change_what_is_written(pool: Pool, statement: str) -> None:
    await acts(pool, 3)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(statement)

    assert await verify(pool, [await anchor(pool)]) == (3, [])

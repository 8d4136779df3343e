# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The API, the workers and a reader of Postgres: each does its work with its own rights, and nothing beyond."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from pydantic_core import Url
from yarl import URL

from app.audit import Actor, anchor, record, verify
from app.database import AWAY, SERVER_SETTINGS, Pool
from app.domain.pace import Limits
from app.grants import API, READER, WORKER
from app.migrate import migrate
from app.outbox import ChannelKind, Turn, claim, end_frozen, sweep
from app.settings import Settings
from tests.api.calling import Caller, served, some_settings
from tests.given import a_channel, accepted
from tests.reliability.ground import until
from tests.repository.files import read
from workers.prune import prune

PASSWORD = "a-password-for-this-test"  # noqa: S105
RIGHTS = "pg_read_all_stats, pg_signal_backend"
STANDS_STILL = "select state = 'active' and wait_event = 'ClientRead' from pg_stat_activity where pid = $1"
MAKE = """
do $$ begin
  if not exists (select from pg_roles where rolname = '{role}') then
    create role {role} login password '{password}';
  end if;
end $$
"""


@pytest.fixture
async def roles(database_url: str) -> str:
    """Make the roles of the container, and migrate: the rights come with it."""
    connection = await asyncpg.connect(database_url)
    for role in (API, WORKER, READER):
        await connection.execute(MAKE.format(role=role, password=PASSWORD))
    await connection.close()
    await migrate(Settings(database_url=Url(database_url), redis_url=Url("redis://127.0.0.1")))
    return database_url


def url_of(role: str, database_url: str) -> str:
    return str(URL(database_url).with_user(role).with_password(PASSWORD))


@asynccontextmanager
async def used_by(role: str, database_url: str) -> AsyncIterator[Pool]:
    url = url_of(role, database_url)
    async with asyncpg.create_pool(url, min_size=0, max_size=4, server_settings=SERVER_SETTINGS) as pool:
        yield pool


async def test_nobody_is_a_superuser_or_makes_roles_or_databases(roles: str) -> None:
    async with used_by(READER, roles) as pool:
        mighty = await pool.fetch(
            "select rolname from pg_roles where rolname like 'campanella%'"
            " and (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)"
        )

    assert mighty == []


async def test_the_api_does_all_its_work_with_its_own_rights(roles: str, redis_url: str) -> None:
    settings = some_settings(url_of(API, roles), redis_url)
    async with used_by(API, roles) as pool, served(settings, pool) as operator:
        answers = await _a_day(operator)
        count, found = await verify(pool, [await anchor(pool)])

    assert answers == [201, 201, 202, 200, 200, 204, 204]
    assert (count > 4, found) == (True, [])


async def _a_day(operator: Caller) -> list[int]:
    """Do a bit of everything; give the answers."""
    service, source = await operator.a_service(), await operator.a_source()
    channel = await operator.a_channel(service)
    notice = await source.hand_in(service=service)
    path = f"/v1/notices/{notice.body['id']}"
    number = str(source.key)[10:22]
    return [
        (await operator.post("/v1/keys", {"role": "viewer", "label": "Sala"})).status,
        (await operator.post(f"/v1/sources/{source.slug}/keys", {})).status,
        notice.status,
        (await source.patch(path, {"priority": "bulk"}, If_Match="*")).status,
        (await operator.post(f"{path}/withdrawal", If_Match="*")).status,
        (await operator.call("DELETE", f"/v1/channels/{channel}")).status,
        (await operator.call("DELETE", f"/v1/sources/{source.slug}/keys/{number}")).status,
    ]


async def test_a_worker_claims_sweeps_and_prunes_with_its_own_rights(roles: str) -> None:
    kind = ChannelKind("telegram", Limits(0, 0, 0), lambda _: [], lambda _: True)
    async with used_by(API, roles) as pool:
        await a_channel(pool)
        await accepted(pool)
    async with used_by(WORKER, roles) as pool:
        taken = await claim(pool, kind, Turn(5, timedelta(milliseconds=100), timedelta(seconds=30)))
        await sweep(pool)
        await prune(pool)
        async with pool.acquire() as connection, connection.transaction():
            await record(connection, Actor("worker"), "channel.paused", "channel/scuola")

        assert await verify(pool) == (1, [])
    assert taken is not None


async def test_a_worker_ends_a_transaction_of_the_api_that_stands_still_where_it_may(roles: str) -> None:
    frozen = await asyncpg.connect(url_of(API, roles), server_settings=SERVER_SETTINGS)
    await frozen.execute("begin")
    await frozen.prepare("select 1")  # asyncpg asks for no end of it: for Postgres the statement goes on
    owner = await asyncpg.connect(roles)

    async def stands_still() -> bool:
        return bool(await owner.fetchval(STANDS_STILL, frozen.get_server_pid()))

    async with used_by(WORKER, roles) as pool:
        await until(stands_still)
        without = await end_frozen(pool, timedelta(0))
        await owner.execute(f"grant {RIGHTS} to {WORKER}")
        try:
            assert await end_frozen(pool, timedelta(0)) == 1
        finally:
            await owner.execute(f"revoke {RIGHTS} from {WORKER}")

    assert without == 0
    with pytest.raises(AWAY):
        await frozen.execute("commit")
    frozen.terminate()
    await owner.close()


def test_the_container_gives_the_worker_these_rights() -> None:
    assert f"grant {RIGHTS} to {WORKER};" in read("deploy/container/database.sql")


FORBIDDEN = {
    API: [
        "update audit set who = 'nobody'",
        "delete from audit",
        "truncate audit",
        "update audit_checkpoint set number = 9",
        "select audit_prune('1 day')",
        "alter table audit disable trigger all",
        "drop table notice",
        "create table mine (id int)",
        "update alembic_version set version_num = '1'",
        "set session_replication_role = replica",
        "select value from kept",
        "delete from kept",
    ],
    WORKER: [
        "select * from key",
        "update key set revoked_at = null",
        "delete from audit",
        "drop function audit_refuse",
    ],
    READER: [
        "select * from key",
        "select * from channel",
        "insert into service values ('x', 'x')",
        "update notice set owed = 0",
        "delete from audit",
    ],
}


@pytest.mark.parametrize(("role", "statement"), [(role, each) for role, all_of in FORBIDDEN.items() for each in all_of])
async def test_what_is_not_a_roles_business_is_refused(roles: str, role: str, statement: str) -> None:
    async with used_by(role, roles) as pool:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)


async def test_the_reader_sees_what_exports_need(roles: str) -> None:
    async with used_by(READER, roles) as pool:
        counts = [await pool.fetchval(f"select count(*) from {name}") for name in ("notice", "delivery", "audit")]  # noqa: S608

    assert counts == [0, 0, 0]

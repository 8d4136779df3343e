# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic_core import Url
from sqlalchemy import Connection, text

from app.migrate import configuration, engine_for, migrate, newest, present
from app.settings import Settings
from app.tables import Service


def settings(database_url: str) -> Settings:
    return Settings(database_url=Url(database_url), redis_url=Url("redis://127.0.0.1"))


async def test_the_migrations_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    engine = engine_for(settings(database_url))

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Service.metadata))

    async with engine.connect() as connection:
        found = await connection.run_sync(differences)

    assert found == []
    await engine.dispose()


async def test_a_migrated_database_is_at_the_newest_revision_and_migrating_again_changes_nothing(
    database_url: str,
) -> None:
    await migrate(settings(database_url))
    engine = engine_for(settings(database_url))

    async with engine.connect() as connection:
        assert await connection.run_sync(present) == newest()

    await engine.dispose()


async def test_every_migration_can_be_taken_back_and_made_again(database_url: str) -> None:
    engine = engine_for(settings(database_url))

    async with engine.connect() as connection:
        await connection.run_sync(lambda there: command.downgrade(configuration(there), "base"))
        await connection.run_sync(lambda there: command.upgrade(configuration(there), "head"))
        assert await connection.run_sync(present) == newest()

    await engine.dispose()


async def test_a_basic_group_loses_the_proof_that_it_can_be_asked_and_a_channel_keeps_it(database_url: str) -> None:
    engine = engine_for(settings(database_url))
    proved = """
insert into channel (id, slug, kind, address, language, can_ask, last_reference, check_result,
                     services, grades, schools, areas)
select gen_random_uuid(), slug, kind, address, 'it', true, '41', json_build_object('address', checked),
       '{}', '{}', '{}', '{}'
  from (values ('group', 'telegram', '-77', '-77'), ('channel', 'telegram', '-1001', '-1001'),
               ('named', 'telegram', '@scuola', '@scuola'), ('moved', 'telegram', '-1002', '-78'),
               ('other', 'paper', '-77', '-77')) as t (slug, kind, address, checked)
"""

    async with engine.connect() as connection:
        await connection.run_sync(lambda there: command.downgrade(configuration(there), "0030"))
        await connection.execute(text(proved))
        await connection.run_sync(lambda there: command.upgrade(configuration(there), "head"))
        rows = await connection.execute(text("select slug, can_ask, last_reference from channel order by slug"))
        found = {row.slug: (row.can_ask, row.last_reference) for row in rows}

    keeps, loses = (True, "41"), (False, None)
    assert found == {"channel": keeps, "group": loses, "moved": loses, "named": keeps, "other": keeps}
    await engine.dispose()


async def test_what_may_lack_a_text_is_marked_and_what_shows_its_texts_is_not(database_url: str) -> None:
    engine = engine_for(settings(database_url))
    stands = """
with made as (
  insert into service (slug, name, approvals) values ('guarded', 'Guarded', '{zh}'), ('open', 'Open', '{}')
), notices as (
  insert into notice (id, source, event_id, service, kind, priority, content, policy)
  select gen_random_uuid(), 'mensa', event, split_part(event, ' ', 1), 'notice', 'normal', '{}', 'hold'
    from unnest(array['guarded delivered', 'guarded awaits', 'guarded withdrawn', 'guarded due', 'open due']) as event
  returning id, event_id
)
insert into delivery (notice_id, channel_id, lane, rank, ready_at, due_at, give_up_at, state, wanted, shown, awaits)
select id, gen_random_uuid(), 1, now(), now(), now(), now(),
       replace(split_part(event_id, ' ', 2), 'awaits', 'delivered'), 1, 1,
       case when event_id like '% awaits' then 'zh' end
  from notices
"""
    found = "select event_id, spoken from delivery d join notice n on n.id = d.notice_id"

    async with engine.connect() as connection:
        await connection.run_sync(lambda there: command.downgrade(configuration(there), "0045"))
        await connection.execute(text(stands))
        await connection.run_sync(lambda there: command.upgrade(configuration(there), "head"))
        rows = {row.event_id: row.spoken for row in await connection.execute(text(found))}

    marked, unmarked = ("guarded awaits", "guarded withdrawn", "guarded due"), ("guarded delivered", "open due")
    assert rows == {name: [] for name in marked} | dict.fromkeys(unmarked)
    await engine.dispose()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Secrets at rest: a dump tells nothing, rows cannot be exchanged, keys can."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from pydantic import SecretStr

from app.audit import Actor
from app.database import SERVER_SETTINGS, Pool
from app.vault import LockedError, Vault, encrypt_anew, forget, keep, kept, new_key, rotate
from tests.api.calling import some_settings

OLD, NEW = new_key(), new_key()
WHO = Actor("cli:prova")
CANARY = "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5"


def vault(*keys: str) -> Vault:
    given = SecretStr(", ".join(keys)) if keys else None
    return Vault.of(some_settings("postgresql://u@h/d", "redis://h", secret_keys=given))


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, server_settings=SERVER_SETTINGS) as opened:
        yield opened


async def a_secret(pool: Pool, owner: str = "one", text: str = CANARY, *keys: str) -> None:
    async with pool.acquire() as connection:
        await keep(connection, vault(*(keys or (OLD,))), "channel", owner, text)


async def test_a_secret_is_read_back_and_only_by_its_owner(pool: Pool) -> None:
    await a_secret(pool)

    assert await kept(pool, vault(OLD), "channel", "one") == [CANARY]
    assert await kept(pool, vault(OLD), "channel", "two") == []
    assert await kept(pool, vault(OLD), "callback", "one") == []


async def test_a_dump_of_the_database_shows_no_secret(pool: Pool) -> None:
    await a_secret(pool)

    row = await pool.fetchrow("select * from secret")
    assert row is not None
    dump = str(dict(row)) + row["content"].hex() + base64.b64encode(row["content"]).decode()
    assert CANARY not in dump
    assert CANARY.encode() not in row["content"]
    assert base64.b64decode(CANARY.removeprefix("whsec_")) not in row["content"]
    assert OLD not in dump


async def test_the_same_secret_twice_looks_different(pool: Pool) -> None:
    await a_secret(pool)
    await a_secret(pool)

    contents = await pool.fetch("select distinct content from secret")

    assert len(contents) == 2


async def test_an_old_key_still_reads_and_the_first_encrypts(pool: Pool) -> None:
    await a_secret(pool)
    await a_secret(pool, "two", CANARY, NEW, OLD)

    assert await kept(pool, vault(NEW, OLD), "channel", "one") == [CANARY]
    assert await kept(pool, vault(NEW), "channel", "two") == [CANARY]


async def test_encrypting_anew_makes_the_old_key_needless(pool: Pool) -> None:
    for number in range(3):
        await a_secret(pool, str(number), f"{CANARY}{number}")

    done = await encrypt_anew(pool, vault(NEW, OLD), WHO)

    assert done == 3
    assert [await kept(pool, vault(NEW), "channel", str(number)) for number in range(3)] == [
        [f"{CANARY}{number}"] for number in range(3)
    ]
    assert await encrypt_anew(pool, vault(NEW, OLD), WHO) == 0
    (entry,) = await pool.fetch("select who, target, after from audit where act = 'secret.rotated'")
    assert (entry["who"], entry["target"]) == ("cli:prova", f"secret-key/{vault(NEW).first}")
    assert json.loads(entry["after"]) == {"secrets": 3}


async def test_a_key_that_is_missing_is_named_by_its_id(pool: Pool) -> None:
    await a_secret(pool)

    with pytest.raises(LockedError, match=f"lacks the key {vault(OLD).first}"):
        await kept(pool, vault(NEW), "channel", "one")


async def test_without_any_key_nothing_is_kept_and_the_sentence_says_what_to_do(pool: Pool) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(LockedError, match="CAMPANELLA_SECRET_KEYS is not set"):
            await keep(connection, vault(), "channel", "one", CANARY)

    assert await pool.fetchval("select count(*) from secret") == 0


@pytest.mark.parametrize(
    "tampering",
    [
        "update secret set owner = 'two'",
        "update secret set content = content || '\\x00'",
        "update secret set content = overlay(content placing '\\x00' from 20)",
        "update secret set id = gen_random_uuid()",
        "update secret set content = (select content from secret where owner = 'other')",
    ],
)
async def test_a_secret_that_was_changed_or_moved_is_refused(pool: Pool, tampering: str) -> None:
    await a_secret(pool)
    await a_secret(pool, "other", "whsec_other")

    await pool.execute(tampering + " where owner = 'one'")
    owner = "two" if "owner = 'two'" in tampering else "one"

    with pytest.raises(LockedError, match="changed or moved"):
        await kept(pool, vault(OLD), "channel", owner)


async def test_after_a_rotation_both_serve_and_then_the_new_one_alone(pool: Pool) -> None:
    async with pool.acquire() as connection:
        for text, overlap in (("first", 60.0), ("second", 60.0), ("third", 0.2)):
            await rotate(connection, vault(OLD), "channel", "one", text, timedelta(seconds=overlap))
            if text == "second":
                assert await kept(pool, vault(OLD), "channel", "one") == ["second", "first"]

    while await kept(pool, vault(OLD), "channel", "one") != ["third"]:  # noqa: ASYNC110 - a moment of the database
        await asyncio.sleep(0.05)
    async with pool.acquire() as connection:
        await forget(connection, "channel", "one")
    assert await kept(pool, vault(OLD), "channel", "one") == []

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who tries many keys is told to wait, without a look-up; nobody else is locked out by that."""

from collections.abc import AsyncIterator

import pytest

from app.api.wrong_keys import WrongKeys
from app.database import Pool
from app.domain.key import new_key
from app.settings import Settings
from tests.api.calling import Answer, Caller, served, some_settings


@pytest.fixture
async def guarded(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """An API behind a proxy, where one wrong key a minute is allowed: no machine is slower than that."""
    few = {"wrong_keys_per_minute": 1, "trusted_proxies": "127.0.0.1"}
    async with served(some_settings(str(settings.database_url), str(settings.redis_url), **few), pool) as caller:
        yield caller


async def asked(caller: Caller, key: str | None, address: str) -> Answer:
    return await caller.having(key).get("/v1/services", X_Forwarded_For=address)


async def test_many_wrong_keys_are_too_many_and_the_right_one_works_from_elsewhere(
    guarded: Caller, operator: Caller
) -> None:
    source = await operator.a_source()

    wrong = [await asked(guarded, new_key().text, "198.51.100.7") for _ in range(3)]
    here = await asked(guarded, source.key, "198.51.100.7")
    elsewhere = await asked(guarded, source.key, "198.51.100.8")
    again = await asked(guarded, source.key, "198.51.100.7")

    assert (wrong[0].status, wrong[-1].status) == (401, 429)
    assert wrong[-1].problem == "abnormal-usage-detected"
    assert wrong[-1].body["violated-policies"] == ["wrong-keys"]
    assert int(wrong[-1].headers["Retry-After"]) >= 1
    assert (here.status, elsewhere.status) == (429, 200)
    assert again.status == 200, "a key that is known to be good is not locked out by the address it shares"


async def test_whoever_sends_no_key_tries_none(guarded: Caller) -> None:
    answers = {(await asked(guarded, None, "198.51.100.9")).status for _ in range(80)}

    assert answers == {401}


def test_a_minute_has_as_many_wrong_keys_as_are_allowed_and_a_hundred_are_too_many() -> None:
    keys = WrongKeys(60)

    for _ in range(30):
        keys.count("192.0.2.7")
    before = keys.wait("192.0.2.7")
    for _ in range(100):
        keys.count("192.0.2.7")

    assert before == 0
    assert keys.wait("192.0.2.7") > 0


def test_addresses_of_one_household_are_one() -> None:
    keys = WrongKeys(1)

    keys.count("2001:db8:1:2::1")

    assert keys.wait("2001:db8:1:2:ffff::9") > 0
    assert (keys.wait("2001:db8:1:3::1"), keys.wait("192.0.2.1"), keys.wait(None)) == (0, 0, 0)


def test_not_more_than_so_many_addresses_are_remembered() -> None:
    keys = WrongKeys(1)

    for number in range(10_050):
        keys.count(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    assert keys.wait("10.0.0.1") == 0
    assert keys.wait("10.0.39.60") > 0


async def test_a_report_of_a_key_says_from_where_it_came_and_many_are_too_many(
    guarded: Caller, operator: Caller
) -> None:
    source = await operator.a_source()
    nobody = guarded.having(None)

    answers = [
        await nobody.post("/v1/keys/revocations", {"key": key}, X_Forwarded_For="198.51.100.30")
        for key in (str(source.key), "segreto", new_key().text)
    ]

    assert [answer.status for answer in answers] == [202, 429, 429]
    assert answers[-1].problem == "abnormal-usage-detected"
    path = f"/v1/audit?target=key/{str(source.key)[10:22]}&act=key.revoked"
    assert [entry["address"] for entry in (await operator.get(path)).body["items"]] == ["198.51.100.30"]


async def test_the_bootstrap_key_is_not_locked_out_either_once_it_was_good(guarded: Caller) -> None:
    before = await asked(guarded, guarded.key, "198.51.100.20")

    wrong = [await asked(guarded, new_key().text, "198.51.100.20") for _ in range(3)]
    again = await asked(guarded, guarded.key, "198.51.100.20")

    assert (before.status, wrong[-1].status, again.status) == (200, 429, 200)

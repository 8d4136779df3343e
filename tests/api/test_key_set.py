# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The key set of the national platform by its address: fetched seldom, by one at a time, and never believed blindly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import HttpUrl

from app.database import Pool
from app.domain.errors import UnavailableError
from app.key_set import KeySet
from app.settings import Settings
from deploy.processes import free_port
from tests.api.calling import served, some_settings
from tests.api.test_vouchers import ANOTHER, AUDIENCE, KEY, PRODUCER, published
from tests.workers.trap import certified, serving

PATIENCE = 60


@dataclass
class Platform:
    """Whoever publishes the key set: it counts who asks, answers as it is told, and waits while its gate is shut."""

    port: int
    authority: Path
    text: str = field(default_factory=lambda: published(k1=KEY))
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hits: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, _: web.Request) -> web.Response:
        self.hits += 1
        self.asked.set()
        await self.gate.wait()
        return web.Response(text=self.text, status=self.status, headers=self.headers)

    def known_to(self, **members: Any) -> dict[str, Any]:
        """Give the settings of an installation that fetches from here."""
        place = f"127.0.0.1:{self.port}"
        where = {"voucher_keys_url": HttpUrl(f"https://{place}/keys.json"), "fetch_exceptions": place}
        return {**where, "fetch_ca_file": self.authority, **members}

    def keys(self, now: list[float], **members: Any) -> KeySet:
        settings = some_settings("postgresql://u@h/d", "redis://h", **self.known_to(**members), **OURS)
        keys = KeySet.of(settings, lambda: now[0])
        assert keys is not None
        return keys


OURS = {"voucher_audience": AUDIENCE, "voucher_producer": PRODUCER}


@asynccontextmanager
async def publishing(directory: Path) -> AsyncIterator[Platform]:
    context, _ = certified(directory)
    platform = Platform(free_port(), directory / "ca.pem")
    platform.gate.set()
    app = web.Application()
    app.router.add_get("/keys.json", platform.answer)
    async with serving(app, platform.port, context):
        yield platform
        platform.gate.set()


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Platform]:
    async with publishing(tmp_path) as platform:
        yield platform


async def test_a_key_set_is_fetched_once_and_kept_ten_minutes(platform: Platform) -> None:
    now = [0.0]
    keys = platform.keys(now)

    first = [await keys.key("k1") is not None for _ in range(5)]
    platform.text = published(k2=ANOTHER)
    now[0] = 599
    kept, before = await keys.key("k1") is not None, platform.hits
    now[0] = 601
    gone = await keys.key("k1") is None

    assert (first, kept, before, gone, platform.hits) == ([True] * 5, True, 1, True, 2)
    await keys.close()


async def test_many_who_need_an_unknown_key_cause_one_question_in_half_a_minute(platform: Platform) -> None:
    now = [0.0]
    keys = platform.keys(now)
    await keys.key("k1")
    platform.text = published(k1=KEY, k2=ANOTHER)

    soon, hits = await asyncio.gather(*(keys.key("k2") for _ in range(20))), platform.hits
    now[0] = 31
    later = await asyncio.gather(*(keys.key("k2") for _ in range(20)), *(keys.key("k9") for _ in range(20)))

    assert (set(soon), hits, platform.hits) == ({None}, 1, 2)
    assert [key is not None for key in later] == [True] * 20 + [False] * 20
    await keys.close()


async def test_a_key_that_is_known_waits_for_nobody_who_asks_for_another(platform: Platform) -> None:
    now = [0.0]
    keys = platform.keys(now)
    await keys.key("k1")
    now[0] = 31
    platform.gate.clear()
    platform.asked.clear()

    unknown = asyncio.create_task(keys.key("k2"))
    await asyncio.wait_for(platform.asked.wait(), PATIENCE)
    known = await asyncio.wait_for(keys.key("k1"), PATIENCE)
    platform.gate.set()

    assert (known is not None, await unknown) == (True, None)
    await keys.close()


async def test_while_the_platform_is_away_the_keys_of_before_are_used_without_a_wait_for_an_hour(
    platform: Platform,
) -> None:
    now = [0.0]
    keys = platform.keys(now)
    await keys.key("k1")
    platform.status = 500
    now[0] = 700
    refused = await keys.key("k1") is not None
    platform.gate.clear()
    now[0] = 1400
    hanging = await asyncio.wait_for(keys.key("k1"), PATIENCE) is not None
    platform.gate.set()
    now[0] = 3601

    with pytest.raises(UnavailableError):
        await keys.key("k1")

    assert (refused, hanging) == (True, True)
    await keys.close()


def too_large(platform: Platform) -> None:
    platform.text = platform.text[:-1] + " " * 300_000 + "}"


def leading_on(platform: Platform) -> None:
    """Lead to an address that would answer."""
    platform.status, platform.headers = 302, {"Location": f"https://localhost:{platform.port}/keys.json"}


def refusing(platform: Platform) -> None:
    platform.status = 403


def speaking_html(platform: Platform) -> None:
    platform.text = "<html></html>"


def nesting_deeply(platform: Platform) -> None:
    platform.text = '{"keys": ' + "[" * 100_000 + "]" * 100_000 + "}"


def with_a_weak_key(platform: Platform) -> None:
    platform.text = '{"keys": [{"kty": "RSA", "kid": "k1", "n": "qw", "e": "AQAB"}]}'


@pytest.mark.parametrize("misdeed", [too_large, leading_on, refusing, speaking_html, nesting_deeply, with_a_weak_key])
async def test_what_is_no_key_set_at_this_very_address_opens_nothing(platform: Platform, misdeed: Any) -> None:
    keys = platform.keys([0.0], fetch_exceptions=f"127.0.0.1:{platform.port},localhost:{platform.port}")
    misdeed(platform)

    with pytest.raises(UnavailableError):
        await keys.key("k1")

    assert platform.hits == 1
    await keys.close()


@pytest.mark.parametrize("members", [{"fetch_exceptions": ""}, {"fetch_ca_file": None}])
async def test_the_address_and_its_certificate_are_looked_at_before_anything_is_asked(
    platform: Platform, members: dict[str, Any]
) -> None:
    settings = some_settings("postgresql://u@h/d", "redis://h", **platform.known_to(), **OURS)
    keys = KeySet.of(settings.model_copy(update=members), lambda: 0.0)
    assert keys is not None

    with pytest.raises(UnavailableError):
        await keys.key("k1")

    assert platform.hits == 0
    await keys.close()


async def test_keys_of_other_kinds_are_passed_over(platform: Platform) -> None:
    keys = platform.keys([0.0])
    platform.text = platform.text.replace('{"keys": [', '{"keys": [{"kty": "EC", "kid": "e1"}, ')

    found = [await keys.key(name) is not None for name in ("k1", "e1")]

    assert found == [True, False]
    await keys.close()


async def test_while_no_key_set_can_be_had_a_voucher_is_told_to_come_back_and_a_key_works(
    platform: Platform, settings: Settings, pool: Pool
) -> None:
    platform.status = 500
    async with served(settings.model_copy(update={**platform.known_to(), **OURS}), pool) as operator:
        voucher = operator.having("eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.e30.e30")

        answers = [await voucher.get("/v1/services"), await operator.get("/v1/services"), await voucher.get("/status")]

    assert [each.status for each in answers] == [503, 200, 200]
    assert (answers[0].problem, answers[0].headers["Retry-After"]) == ("unavailable", "30")

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Secrets that must never be written down, and what carries them into a log: each is made to break as in life."""

import asyncio
import base64
import json
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp
import asyncpg
import redis.asyncio
from aiohttp import web
from pydantic import BaseModel, SecretStr

TOKEN = "7654321098:AAcanaryCanaryCanaryCanaryCanary_-1"  # noqa: S105 - every secret here is invented
STRANGE_TOKEN = "1234567890:BBcanaryCanaryCanaryCanaryCanary-_2"  # noqa: S105 - not in the settings
SHORT_TOKEN = "42:canary"  # noqa: S105 - what a sandbox may use
ADMIN_KEY = "the canary that administers everything here"
DATABASE_PASSWORD = 'canary/data@base\'s "pass" wörd'  # noqa: S105
KEY_PEPPER = "the canary that every digest is made with"
REDIS_PASSWORD = "canary-of-redis"  # noqa: S105
OTHER_PASSWORD = "canary-of-somebody-else"  # noqa: S105
DATABASE_URL = f"postgresql://campanella:{quote(DATABASE_PASSWORD, safe='')}@127.0.0.1:1/campanella"
REDIS_URL = f"redis://:{REDIS_PASSWORD}@127.0.0.1:1/0"
KEY = "camp_live_A1b2C3d4E5f6_0123456789abcdefghijABCDEFGHIJ012O4MLO"
TEST_KEY = KEY.replace("_live_", "_test_")
BASIC = base64.b64encode(b"canary:canary-of-a-proxy").decode()
BOT_API = f"http://127.0.0.1:1/bot{TOKEN}/sendMessage"

CANARIES = [
    *(TOKEN, STRANGE_TOKEN, SHORT_TOKEN, ADMIN_KEY, KEY_PEPPER, REDIS_PASSWORD, OTHER_PASSWORD, KEY, TEST_KEY, BASIC),
    *(DATABASE_PASSWORD, quote(DATABASE_PASSWORD, safe=""), quote(TOKEN, safe="")),
    *(token.partition(":")[2] for token in (TOKEN, STRANGE_TOKEN)),
    *(KEY.split("_")[3][:12], KEY[-12:], "canary"),
]
"""The last is a part of nearly all of them: not even a piece of one may be seen."""


class Strange:
    """An object of somebody else's, whose repr tells too much."""

    def __repr__(self) -> str:
        return f"<Session token={STRANGE_TOKEN} key={KEY}>"


class Form(BaseModel):
    number: int


@dataclass(frozen=True)
class Parcel:
    """Things that a careless line might log as they are."""

    of: object


PARCELS = [
    f"POST {BOT_API} failed",
    f"https://api.telegram.org/file/bot{STRANGE_TOKEN}/photos/1.jpg",
    f"https://api.telegram.org/bot{SHORT_TOKEN}/getMe",
    quote(BOT_API, safe=""),
    BOT_API.encode(),
    bytearray(KEY.encode()),
    f"the key {TEST_KEY} is for tests",
    {"headers": {"Authorization": f"Bearer {KEY}", "Proxy-Authorization": f"Basic {BASIC}"}},
    [("authorization", f"Bearer {TEST_KEY}"), (b"authorization", f"Basic {BASIC}".encode())],
    str([(b"authorization", f"Bearer {ADMIN_KEY}".encode())]),
    f"GET / HTTP/1.1\r\nAuthorization: Basic {BASIC}\r\nHost: x",
    {"deep": [{"deeper": ({KEY}, {"deepest": [Strange()]})}]},
    {KEY: 1},
    Parcel(Strange()),
    SecretStr(OTHER_PASSWORD),
    {"password": OTHER_PASSWORD, "db_password": OTHER_PASSWORD.encode(), "api_key": OTHER_PASSWORD},
    f"digests are made with {KEY_PEPPER}",
    {"pepper": KEY_PEPPER.encode()},
    f"amqp://user:{OTHER_PASSWORD}@broker:5672//",
    f"redis://:{OTHER_PASSWORD}@h:6379/0",
    f"host=db user=campanella password={OTHER_PASSWORD} dbname=x",
    DATABASE_URL,
    DATABASE_PASSWORD,
    repr(DATABASE_PASSWORD),
    json.dumps({"x": DATABASE_PASSWORD}),
    repr({"Authorization": f"Bearer {ADMIN_KEY.rsplit(maxsplit=1)[-1]} {BASIC}"}),
    ValueError(f"bad key {KEY}"),
    Strange(),
]

Failure = Callable[[], Awaitable[object]]


async def _nobody_listens() -> None:
    async with aiohttp.ClientSession() as session:
        await session.post(BOT_API)


async def _no_url() -> None:
    async with aiohttp.ClientSession() as session:
        await session.post(f"http://[/bot{STRANGE_TOKEN}/sendMessage")


async def _an_answer_that_carries_the_request() -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            await session.get(f"http://127.0.0.1:{port}/bot{TOKEN}/x", headers={"Authorization": f"Bearer {KEY}"})
    except aiohttp.ClientResponseError as error:
        raise RuntimeError(f"{error!r} {error.request_info} {error.headers}") from error
    finally:
        await runner.cleanup()


async def _causes() -> None:
    try:
        try:
            raise OSError(f"no way to {DATABASE_URL}")  # noqa: TRY301 - the shape is the point
        except OSError as error:
            raise ValueError(f"Authorization: Bearer {KEY}") from error
    except ValueError:
        raise RuntimeError(b"while asking " + BOT_API.encode())  # noqa: B904 - the context is shown, too


async def _a_group() -> None:
    inner = ExceptionGroup("inner", [ValueError(KEY), TypeError({"Authorization": f"Basic {BASIC}"})])
    raise ExceptionGroup(f"group {STRANGE_TOKEN}", [inner, OSError(f"amqp://u:{OTHER_PASSWORD}@b")])


async def _notes() -> None:
    error = ValueError("see the note")
    error.add_note(f"the key was {KEY} and the token {TOKEN}")
    raise error


async def _a_wrong_form() -> None:
    Form.model_validate({"number": KEY, "x": BOT_API})


async def _no_database() -> None:
    try:
        await asyncpg.connect(DATABASE_URL, timeout=2)
    except OSError as error:
        raise RuntimeError(f"{DATABASE_URL}: {error}") from error


async def _no_redis() -> None:
    try:
        await redis.asyncio.Redis.from_url(REDIS_URL).ping()
    except redis.exceptions.ConnectionError as error:
        raise RuntimeError(f"{REDIS_URL}: {error}") from error


async def _a_task_group() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_causes())
        tasks.create_task(_notes())


FAILURES: list[Failure] = [
    _nobody_listens,
    _no_url,
    _an_answer_that_carries_the_request,
    _causes,
    _a_group,
    _notes,
    _a_wrong_form,
    _no_database,
    _no_redis,
    _a_task_group,
]


async def caught(failure: Failure) -> Exception:
    """Let it fail, and give what it raised."""
    try:
        await failure()
    except Exception as error:  # noqa: BLE001 - whatever it raises is the parcel
        return error
    raise AssertionError(f"{failure} did not fail")


def as_python_prints_it(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)

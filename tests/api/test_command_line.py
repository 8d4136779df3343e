# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The command line as a person types it: what it does, what it says when something is wrong, and how it ends."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
import typer

from app.cli import app
from app.database import Pool
from deploy.processes import free_port
from tests.api.calling import ADMIN_KEY, Caller, served, some_settings
from tests.api.typing_in import NOWHERE, Environment, Typed

OF_JSON = {"Content-Type": "application/json"}
KEY = r"camp_live_[A-Za-z0-9]{12}_[A-Za-z0-9]{38}"


@asynccontextmanager
async def an_api(environment: Environment) -> AsyncIterator[tuple[asyncio.subprocess.Process, aiohttp.ClientSession]]:
    """Start the API as a process, and call it once it is ready."""
    port = free_port()
    words = ("-m", "app.cli", "api", "--port", str(port))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, env=environment, stderr=-3)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            while not await is_ready(session):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
            yield process, session
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def is_ready(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def explained(command: Any, name: str = "campanella") -> Iterator[tuple[str, str | None]]:
    """Give every command, argument and option with what is said of it."""
    yield name, command.help
    yield from ((f"{name} {each.name}", getattr(each, "help", None)) for each in command.params)
    for within, each in getattr(command, "commands", {}).items():
        yield from explained(each, f"{name} {within}")


def test_every_command_and_all_that_can_be_said_to_it_is_explained() -> None:
    said = dict(explained(typer.main.get_command(app)))

    assert len(said) > 40
    assert [name for name, words in said.items() if not words] == []


async def test_migrating_twice_is_no_error(typed: Typed, environment: Environment) -> None:
    ended = [await typed(environment, "migrate") for _ in range(2)]

    assert [(each.code, each.said) for each in ended] == [(0, "The database is at the newest form.\n")] * 2


async def test_a_source_is_added_with_a_key_that_works(typed: Typed, environment: Environment, pool: Pool) -> None:
    added = await typed(environment, "source", "add", "mensa", "--name", "Ufficio mensa", "--service", "mensa")
    more = await typed(environment, "source", "key", "mensa")
    third = await typed(environment, "source", "key", "mensa")
    listed = await typed(environment, "source", "list")

    keys = [re.findall(KEY, each.said) for each in (added, more)]
    settings = some_settings(environment["CAMPANELLA_DATABASE_URL"], environment["CAMPANELLA_REDIS_URL"])
    async with served(settings, pool) as caller:
        answers = [await caller.having(key).get("/v1/notices") for (key,) in keys]
    assert (added.code, more.code, third.code) == (0, 0, 1)
    assert "2 valid keys" in third.complained
    assert listed.said == "mensa\tUfficio mensa\tmensa\n"
    assert [answer.status for answer in answers] == [200, 200]


async def test_an_operator_and_a_viewer_get_keys(typed: Typed, environment: Environment, pool: Pool) -> None:
    keys = [
        re.findall(KEY, (await typed(environment, "operator", "add", "Ufficio", *words)).said)
        for words in ((), ("--viewer",))
    ]

    settings = some_settings(environment["CAMPANELLA_DATABASE_URL"], environment["CAMPANELLA_REDIS_URL"])
    async with served(settings, pool) as caller:
        callers = [caller.having(key) for (key,) in keys]
        answers = [await each.call("PUT", "/v1/services/nuovo", {"name": "Nuovo"}) for each in callers]
    assert [answer.status for answer in answers] == [201, 403]


async def test_a_channel_is_added_and_listed(typed: Typed, environment: Environment) -> None:
    added = await typed(environment, "channel", "add", "scuola", "--address", "-1001", "--language", "it")
    twin = await typed(environment, "channel", "add", "altra", "--address", "-1001")
    listed = await typed(environment, "channel", "list")

    assert (added.code, twin.code) == (0, 1)
    assert "no worker is running" in added.said
    assert twin.complained == "The channel scuola has this address already.\n"
    assert listed.said == "scuola\ttelegram\t-1001\tit\tactive\n"


async def test_a_noticeboard_is_found_under_its_short_name_unless_told_otherwise(
    typed: Typed, environment: Environment
) -> None:
    await typed(environment, "channel", "add", "bacheca", "--kind", "noticeboard")
    await typed(environment, "channel", "add", "bacheca-zh", "--kind", "noticeboard", "--address", "xuexiao")

    listed = await typed(environment, "channel", "list")

    assert listed.said == ("bacheca\tnoticeboard\tbacheca\tit\tactive\nbacheca-zh\tnoticeboard\txuexiao\tit\tactive\n")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("source", "add", "Mensa"), "slug: "),
        (("source", "add", "mensa", "--service", "niente"), "There is no such service."),
        (("channel", "add", "scuola", "--address", "due parole"), "address: "),
        (("channel", "add", "scuola", "--address", "-1", "--language", "italiano"), "language: "),
        (("source", "key", "nessuna"), "There is no source nessuna."),
    ],
)
async def test_a_wrong_argument_is_one_sentence(
    typed: Typed, environment: Environment, words: tuple[str, ...], complaint: str
) -> None:
    ended = await typed(environment, *words)

    assert ended.code in (1, 2)
    assert ended.complained.startswith(complaint)
    assert ended.complained.count("\n") == 1


async def test_the_doctor_says_what_is_not_well_and_what_to_do(typed: Typed, environment: Environment) -> None:
    wide = {**environment, "COLUMNS": "160"}

    without_workers = await typed(wide, "doctor")
    without_postgres = await typed({**wide, "CAMPANELLA_DATABASE_URL": NOWHERE}, "doctor")

    assert (without_workers.code, without_postgres.code) == (1, 1)
    assert "Start one: campanella worker" in without_workers.said
    assert "Is Postgres running" in without_postgres.said
    assert "Traceback" not in without_workers.complained + without_postgres.complained


async def test_the_health_check_tells_by_its_exit_code(typed: Typed, operator: Caller) -> None:
    async with asyncio.timeout(60):  # a busy machine may have no answer for it in three seconds
        while (well := await typed({}, "health", f"{operator.address}/livez")).code == 1:
            pass
    unwell = await typed({}, "health", f"{operator.address}/nowhere")
    gone = await typed({}, "health", f"http://127.0.0.1:{free_port()}/livez")

    assert (well.code, unwell.code, gone.code) == (0, 1, 1)
    assert "Traceback" not in unwell.complained + gone.complained


async def test_a_terminated_api_says_it_is_not_ready_and_finishes_what_it_has(environment: Environment) -> None:
    """It is asked without pause, since it tells for a second; when nobody else gets in, the rest of a request comes."""
    key, there, told = {"Authorization": f"Bearer {ADMIN_KEY}"}, asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        there.set()  # the API has said that it waits for it
        yield b'{"name": '
        await told.wait()
        yield b'"Nuovo"}'

    async with an_api(environment) as (process, session), asyncio.TaskGroup() as group:
        half = session.put("/v1/services/nuovo", data=body(), headers={**key, **OF_JSON}, expect100=True)
        call = group.create_task(answered(half))
        await there.wait()
        process.send_signal(signal.SIGTERM)
        said = [each async for each in until_refused(session, "/readyz")]
        await asyncio.sleep(0.5)  # who is in haste to leave goes meanwhile
        told.set()
        code = await asyncio.wait_for(process.wait(), 60)

    assert (said[-1], call.result()) == (503, 201)
    assert code in (0, -signal.SIGTERM, 128 + signal.SIGTERM)


async def until_refused(session: aiohttp.ClientSession, path: str) -> AsyncIterator[int]:
    with suppress(aiohttp.ClientError):
        while True:
            yield await answered(session.get(path))


async def answered(request: Any) -> int:
    async with request as answer:
        return int(answer.status)


async def test_secrets_are_encrypted_anew_with_the_first_key(typed: Typed, environment: Environment) -> None:
    made = [(await typed(environment, "secrets", "new-key")).said.strip() for _ in range(2)]
    with_keys = {**environment, "CAMPANELLA_SECRET_KEYS": ",".join(made)}

    without = await typed(environment, "secrets", "rotate")
    done = await typed(with_keys, "secrets", "rotate")

    assert (without.code, done.code) == (1, 0)
    assert "CAMPANELLA_SECRET_KEYS is not set" in without.complained
    assert done.said.startswith("0 secrets were encrypted anew with the key ")

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Schemathesis reads the served document and tries every operation of it, with every check and along every link."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from deploy.processes import free_port
from tests.api.calling import ADMIN_KEY, SECRET_KEY

TRYING = Path(sys.executable).with_name("st")
UNLIMITED = [
    f"CAMPANELLA_{name}" for name in ("REQUESTS_PER_MINUTE", "REQUESTS_PER_DAY", "WRONG_KEYS_PER_MINUTE", "SHED_AFTER")
]
ALL = "examples,coverage,fuzzing,stateful"
KEY = {"Authorization": f"Bearer {ADMIN_KEY}"}
CONFIGURATION = """
headers = {{ Authorization = "Bearer {operator}" }}

[checks.missing_required_header]
expected-statuses = [400, 401, 403, 404, 406, 415, 422, 428]
# What no schema can tell: whether a cursor is one of ours, a text can be seen, a service exists, a time can be counted
# with, a version is the present one. And a header is text whatever it was made of.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 304, 400, 401, 403, 404, 409, 412, 413, 422, 428, 429]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]

# Where Idempotency-Key or Prefer may be given, a good answer is no finding here: bad bodies are test_strictness's.
[[operations]]
include-operation-id-regex = "^(make_source|make_channel|issue_key|issue_source_key)$"
checks.negative_data_rejection.expected-statuses = [201, 400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429]
[[operations]]
include-operation-id-regex = "^hand_in_(notice|batch)$"
headers = {{ Authorization = "Bearer {source}" }}
checks.negative_data_rejection.expected-statuses = [202, 400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429]
"""


@pytest.fixture
async def api(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """Give the address of an API in a process of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "CAMPANELLA_DATABASE_URL": database_url,
        "CAMPANELLA_REDIS_URL": redis_url,
        "CAMPANELLA_ADMIN_KEY": ADMIN_KEY,
        "CAMPANELLA_PUBLIC_URL": url,
        "CAMPANELLA_ADMIN_KEY_STAYS": "true",
        "CAMPANELLA_SECRET_KEYS": SECRET_KEY,
        **dict.fromkeys(UNLIMITED, "0"),
    }
    command = (sys.executable, "-m", "app.cli", "api", "--port", str(port))
    with (tmp_path / "api.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)
        try:
            await ready(url)
            yield url
        finally:
            process.kill()
            await process.wait()


async def ready(url: str) -> None:
    async with asyncio.timeout(60), ClientSession() as session:
        while True:
            with suppress(ClientError):
                async with session.get(f"{url}/readyz") as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.1)


async def tried(api: str, directory: Path, seed: int, examples: int, phases: str = ALL) -> tuple[int, str]:
    """Try every operation; give the exit code and what there is to say."""
    async with ClientSession(headers=KEY) as session:
        body = {"slug": f"mensa-{seed}", "name": "Mensa"}
        async with session.post(f"{api}/v1/sources", json=body) as answer:
            source = (await answer.json())["key"]
    configuration = directory / "schemathesis.toml"
    configuration.write_text(CONFIGURATION.format(operator=ADMIN_KEY, source=source), "utf-8")
    # One worker: the ast module of Python 3.11 does not bear threads.
    size = ("--workers", "1", "--max-examples", str(examples), "--seed", str(seed), "--phases", phases)
    where = (f"{api}/openapi.json", "--url", f"{api}/v1", "--checks", "all", "--no-color", "--continue-on-failure")
    process = await asyncio.create_subprocess_exec(
        TRYING, "--config-file", configuration, "run", *where, *size, cwd=directory, stdout=-1, stderr=-2
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("seed", "phases"), [(1, ALL), (2, "fuzzing,stateful")])
async def test_no_operation_breaks_its_word(api: str, tmp_path: Path, seed: int, phases: str) -> None:
    """25 examples per operation from each of two seeds; the night has 2,000."""
    code, said = await tried(api, tmp_path, seed, 25, phases)

    assert code == 0, said
    assert "Selected: 0" not in said


@pytest.mark.nightly
@pytest.mark.timeout(3 * 3600)
async def test_no_operation_breaks_its_word_all_night(api: str, tmp_path: Path) -> None:
    code, said = await tried(api, tmp_path, 3, 2000)

    assert code == 0, said

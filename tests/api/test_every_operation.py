# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Schemathesis reads the served document and tries every operation of it, with every check and along every link."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from app.api.application import api, document_of
from deploy.processes import free_port
from tests.api.calling import ADMIN_KEY, SECRET_KEY
from tests.api.conforming import HANDING_IN

ROOT = Path(__file__).parents[2]
TRYING = Path(sys.executable).with_name("st")
UNLIMITED = [
    f"CAMPANELLA_{name}" for name in ("REQUESTS_PER_MINUTE", "REQUESTS_PER_DAY", "WRONG_KEYS_PER_MINUTE", "SHED_AFTER")
]
GATE, NIGHT = 50, 2_000
"""Examples per operation and seed. A hundred from each would take a core four minutes of each run."""
SEEDS = (1, 2)
PATHS: Any = document_of(api())["paths"]
OPERATIONS = [each["operationId"] for path in PATHS.values() for each in path.values() if "operationId" in each]
OPERATOR = {"Authorization": f"Bearer {ADMIN_KEY}"}
EVENTS, CALLED = "https://mensa.comune.example.it/avvisi", "https://mensa.comune.example.it/campanella"
CONFIGURATION = """
headers = {{ Authorization = "Bearer {operator}" }}

[checks.missing_required_header]
expected-statuses = [400, 401, 403, 404, 406, 415, 422, 428]
# Which refusals of a conforming request are right is told exactly, for each operation, in conforming.py.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 304, "4xx"]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 404, 405, 406, 413, 414, 415, 422, 428, 431]

[[operations]]
include-operation-id-regex = "^hand_in_(notice|batch)$"
headers = {{ Authorization = "Bearer {source}" }}
checks.negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 413, 414, 415, 422, 428, 431]
# A condition is looked at before the body is.
[[operations]]
include-operation-id-regex = "^(amend_notice|withdraw_notice)$"
checks.negative_data_rejection.expected-statuses = [400, 401, 404, 405, 406, 412, 413, 414, 415, 422, 428, 431]

# Most names that can be made up are nobody's; so every second one is that of something which is there.
[dictionaries]
slugs = {{ values = ["scuola", "mensa", "trasporto"] }}
keys = {{ values = [{keys}] }}
notices = {{ values = ["{notice}"] }}
callbacks = {{ values = ["{callback}"] }}
deliveries = {{ values = [1] }}
called = {{ values = ["{called}"] }}
any = {{ values = ["*"] }}
events = {{ values = ["{events}"] }}
[parameters]
"path.slug" = {{ dictionary = "slugs", probability = 0.5 }}
"path.notice_id" = {{ dictionary = "notices", probability = 0.5 }}
"path.key_id" = {{ dictionary = "keys", probability = 0.5 }}
"path.callback_id" = {{ dictionary = "callbacks", probability = 0.5 }}
"path.delivery_id" = {{ dictionary = "deliveries", probability = 0.5 }}
"header.X-ReplyTo" = {{ dictionary = "called", probability = 0.3 }}
"header.Ce-Source" = {{ dictionary = "events", probability = 0.7 }}
"header.If-Match" = {{ dictionary = "any", probability = 0.5 }}
"body.service" = {{ dictionary = "slugs", probability = 0.5 }}
"""


@dataclass(frozen=True)
class Tried:
    """An API with something in it, and the configuration with which it is tried."""

    url: str
    directory: Path

    async def with_examples(self, examples: int, seed: int, phases: str, operations: str = ".") -> tuple[int, str]:
        """Try the operations whose names match; give the exit code and what there is to say."""
        # One worker: the ast module of Python 3.11 does not bear threads.
        size = ("--workers", "1", "--max-examples", str(examples), "--seed", str(seed), "--phases", phases)
        where = (f"{self.url}/openapi.json", "--url", f"{self.url}/v1", "--include-operation-id-regex", operations)
        how = ("--checks", "all", "--exclude-checks", "use_after_free", "--no-color", "--continue-on-failure")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.api.judging"}
        # How long an example takes to make, or an answer, says how busy the machine is.
        kept = ("--generation-database", "none", "--suppress-health-check", "too_slow", "--request-timeout", "120")
        command = (TRYING, "--config-file", "schemathesis.toml", "run", *where, *size, *how, *kept)
        process = await asyncio.create_subprocess_exec(
            *command, cwd=self.directory, env=environment, stdout=-1, stderr=-2
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()


@pytest.fixture
async def tried(api_url: str, tmp_path: Path) -> Tried:
    """Fill the API with a source, a service, a channel, a callback and a notice that is owed."""
    async with ClientSession(f"{api_url}/v1/", headers=OPERATOR) as session:
        for slug in ("mensa", "trasporto"):
            await made(session.put(f"services/{slug}", json={"name": slug}))
        await made(session.post("sources", json={"slug": "scuola", "name": "Scuola"}))
        source = {"slug": HANDING_IN, "name": "Anagrafe", "event_sources": [EVENTS]}
        source = await made(session.post("sources", json=source))
        keys = [
            await made(session.post("sources/scuola/keys", json={})),
            await made(session.post("keys", json={"label": "Sala operativa", "role": "viewer"})),
        ]
        channel = {"slug": "scuola", "kind": "webhook", "address": "https://scuola.example.it/", "language": "it"}
        await made(session.post("channels", json={**channel, "audience": {"services": ["trasporto"]}}))
        callback = await made(session.post("callbacks", json={"source": HANDING_IN, "url": CALLED}))
        body = {"event_id": "1", "service": "trasporto", "texts": {"it": {"title": "Linea 4 in ritardo"}}}
        own = {"Authorization": f"Bearer {source['key']}"}
        notice = await made(session.post("notices", json=body, headers=own))
    named = {"notice": notice["id"], "callback": callback["id"], "called": CALLED, "events": EVENTS}
    named["keys"] = ", ".join(f'"{key["id"]}"' for key in keys)
    told = CONFIGURATION.format(operator=ADMIN_KEY, source=source["key"], **named)
    (tmp_path / "schemathesis.toml").write_text(told, "utf-8")
    return Tried(api_url, tmp_path)


async def made(request: Any) -> Any:
    async with request as answer:
        assert answer.ok, await answer.text()
        return await answer.json()


@pytest.fixture
async def api_url(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[str]:
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
        "CAMPANELLA_HEALTH_PATIENCE": "10",
        "CAMPANELLA_ALERT_ZONES": "Bisenzio e Ombrone Pistoiese=bisenzio",
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
    async with asyncio.timeout(120), ClientSession() as session:
        while True:
            with suppress(ClientError):
                async with session.get(f"{url}/readyz") as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.1)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("phases", "seed"), [("examples,coverage", 1), *(("fuzzing,stateful", seed) for seed in SEEDS)]
)
async def test_no_operation_breaks_its_word(tried: Tried, phases: str, seed: int) -> None:
    """What is documented, every boundary; and from each seed any data, and any way along the links."""
    code, said = await tried.with_examples(GATE, seed, phases)

    assert code == 0, said
    assert "Selected: 0" not in said


@pytest.mark.nightly
@pytest.mark.timeout(8 * 3600)
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_an_operation_keeps_its_word_all_night(tried: Tried, operation: str) -> None:
    """One by one, so that a night that was interrupted goes on where it stopped: -k of those that are left."""
    seed = int.from_bytes(os.urandom(4))

    code, said = await tried.with_examples(NIGHT, seed, "examples,coverage,fuzzing", f"^{operation}$")

    assert code == 0, said
    assert "Selected: 0" not in said


@pytest.mark.nightly
@pytest.mark.timeout(8 * 3600)
async def test_no_operation_breaks_its_word_along_links_all_night(tried: Tried) -> None:
    code, said = await tried.with_examples(NIGHT, int.from_bytes(os.urandom(4)), "examples,stateful")

    assert code == 0, said

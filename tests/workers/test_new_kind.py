# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The one seam: a kind that nobody has heard of works through the real API and the real engine, with one row."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database import SERVER_SETTINGS
from app.kinds import KINDS
from tests.api.calling import Caller, a_notice, served, some_settings
from tests.repository.files import ROOT
from tests.workers import paper
from workers.main import run

MODULE = "tests.workers.paper"
LONGEST = 30


@pytest.fixture
async def operator(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Caller]:
    """Give an operator of a city whose registry has one row more, and whose worker knows nothing but that row."""
    monkeypatch.setitem(KINDS, "paper", MODULE)
    monkeypatch.setattr(paper, "LINES", [])
    settings, stop = some_settings(database_url, redis_url, worker_port=0), asyncio.Event()
    async with asyncpg.create_pool(database_url, min_size=0, server_settings=SERVER_SETTINGS) as pool:
        worker = asyncio.create_task(run(settings, stop, {"paper": MODULE}))
        async with served(settings, pool) as caller:
            yield caller
        stop.set()
        await worker


async def reads(*lines: str) -> None:
    """Wait until the paper reads so, or show what it reads."""
    for _ in range(600):
        if list(lines) == paper.LINES:
            return
        await asyncio.sleep(0.05)
    assert list(lines) == paper.LINES


async def test_notices_a_correction_and_a_withdrawal_reach_a_kind_of_thirty_lines(operator: Caller) -> None:
    new = {"slug": "bacheca", "kind": "paper", "address": "atrio", "language": "it"}
    made = await operator.post("/v1/channels", new)
    source = await operator.a_source()

    first = await source.post("/v1/notices", a_notice(texts={"it": {"title": "Uno"}}))
    await reads("Uno")
    await source.post("/v1/notices", a_notice(texts={"it": {"title": "Due"}}))
    await reads("Uno", "Due")
    path = f"/v1/notices/{first.body['id']}"
    await source.patch(path, {"texts": {"it": {"title": "Uno, corretto"}}}, If_Match='"1"')
    await reads("Uno, corretto", "Due")
    await source.post(f"{path}/withdrawal", If_Match="*")
    await reads("Annullato: Uno, corretto", "Due")

    assert (made.status, made.body["kind"]) == (201, "paper")


def test_a_kind_is_no_longer_than_that() -> None:
    code = (ROOT / "tests" / "workers" / "paper.py").read_text(encoding="utf-8").partition("LINES: ")[2]

    assert len([line for line in code.splitlines() if line.strip()]) <= LONGEST

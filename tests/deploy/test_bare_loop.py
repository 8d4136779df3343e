# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""S4's bare loop makes as many calls at a time as it is told, and ours is judged by the faster of the two."""

import asyncio
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.bench.figure import at_least
from deploy.bench.journal import Journal
from deploy.bench.place import Telegram
from deploy.bench.rivals import aiogram_bulk
from deploy.bench.throughput import BARE_AT_ONCE, Round, figures
from workers.turn import AT_ONCE

ANSWER = {"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}}


async def test_the_bare_loop_makes_as_many_calls_at_a_time_as_ours(tmp_path: Path) -> None:
    """Nobody is answered before all are there: with aiogram's hundred connections that would be never."""
    all_there = asyncio.Barrier(AT_ONCE)

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        await all_there.wait()
        return web.json_response(ANSWER)

    app = web.Application()
    app.router.add_post("/{call:.*}", answer)
    async with TestServer(app) as server:
        there = Telegram(str(server.make_url("")).rstrip("/"), Journal(tmp_path / "journal"))
        calls = [[number, "Mensa\nfredda"] for number in range(AT_ONCE)]

        assert await aiogram_bulk(there, calls, AT_ONCE, patience=60) > 0


def test_ours_is_judged_by_the_faster_bare_loop() -> None:
    few, many = BARE_AT_ONCE
    ours = [Round(900.0, 0.5)]

    quick_with_few = figures(ours, ours, {few: [Round(1000.0, 0.5)], many: [Round(900.0, 0.5)]})
    quick_with_many = figures(ours, ours, {few: [Round(900.0, 0.5)], many: [Round(1000.0, 0.5)]})

    for found, faster in ((quick_with_few, few), (quick_with_many, many)):
        aims = [(figure.what, figure.value, figure.aim) for figure in found if figure.aim is not None]
        assert aims == [(f"{what}: {to(faster)}, the faster", 0.9, at_least(aim)) for what, aim in AIMS.items()]
    rates = [figure.who for figure in quick_with_few if figure.what == "posts per second"]
    assert rates == [f"bare aiogram loop, {few} at a time", f"bare aiogram loop, {many} at a time"]


AIMS = {"bulk": 0.8, "one notice per channel": 0.5}


def to(at_once: int) -> str:
    return f"ratio to the bare loop, {at_once} at a time"

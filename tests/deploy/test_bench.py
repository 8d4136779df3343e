# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A run of the bench shows what it could measure: what never came is a missed aim, and what broke is told."""

import asyncio
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.bench import fanout, killed, outage, overtaking, poison, series
from deploy.bench.__main__ import SCENARIOS, arguments
from deploy.bench.city import Handed
from deploy.bench.figure import OURS, Figure, rate
from deploy.bench.journal import Account, Arrival, Journal
from deploy.bench.place import Telegram
from deploy.bench.report import value
from deploy.bench.rivals import BrokenError, aiogram_bulk
from deploy.bench.scenario import LONGEST
from deploy.bench.size import Size
from deploy.state import CHECKOUT

NOBODY = Account(())


def post(moment: float, chat: int = 1, text: str = "Mensa fredda") -> Arrival:
    return Arrival(moment, "sendMessage", "accepted", chat=chat, text=text)


def unmet(figures: Sequence[Figure]) -> set[str]:
    return {figure.what for figure in figures if figure.is_met is False}


def values(figures: Sequence[Figure]) -> dict[str, float]:
    return {figure.what: figure.value for figure in figures}


HANDED = [Handed(0.0, number / 30, "", 1) for number in range(overtaking.URGENT)]
URGENT_CAME = f"urgent that came, of {overtaking.URGENT}"


def test_an_urgent_notice_that_never_came_misses_an_aim_of_s3() -> None:
    """Thirty a second; the seventh is lost."""
    texts = [f"{overtaking.URGENT_TITLE} {number}." for number in range(1, overtaking.URGENT + 1)]
    urgent = [post(number / 30, text=text) for number, text in enumerate(texts) if number != 6]
    account = Account((*urgent, *(post(2 + number / 30, chat=number) for number in range(900))))

    figures = overtaking.figures_of_ours(account, HANDED, 900)

    assert unmet(figures) == {"reached, of 960", URGENT_CAME}
    assert values(figures)[URGENT_CAME] == overtaking.URGENT - 1
    assert values(figures)["urgent, accepted to wire, longest"] == 0


def test_what_nothing_came_of_is_missed_and_never_a_time_of_nothing() -> None:
    """No round of S9 has a neighbour that arrived; of S8 nothing came after the kill."""
    rounds = [poison.Round([], 300, 0, 300)]
    missed = {
        "S1": unmet(fanout.figures_of(OURS, NOBODY, 0.0)),
        "S2": unmet(series.figures_of(OURS, NOBODY, [], 0.0)),
        "S3": unmet(overtaking.figures_of_ours(NOBODY, HANDED, 900)),
        "S8": unmet(killed.figures_of_ours(NOBODY, 0.0, 60.0)),
        "S9": unmet(poison.figures(rounds, rounds, [])),
    }

    assert missed == {
        "S1": {"reached, of 300", "until the last"},
        "S2": {"in order, of 10", "until the last"},
        "S3": {"reached, of 960", "of 30/s in steady state", URGENT_CAME, "urgent, accepted to wire, p99"},
        "S8": {"killed: reached, of 60", "killed: until all is settled, lease + 5"},
        "S9": {"set aside", "neighbours reached, of 300", "still open at the end", "p99: ratio to the same without"},
    }


def test_what_came_before_the_kill_alone_is_no_time_after_it() -> None:
    found = values(killed.figures_of_ours(Account((post(1.0),)), 2.0, 60.0))

    assert math.isnan(found["killed: until the next, the start included"])
    assert math.isnan(found["killed: until the last"])


@pytest.mark.parametrize("moments", [[], [1.0], [1.0, 1.0]])
def test_of_posts_without_a_time_between_them_there_is_no_rate(moments: list[float]) -> None:
    assert math.isnan(rate(moments))
    assert value(Figure("posts per second", rate(moments), "/s")) == "none"


async def test_a_bare_loop_that_is_too_slow_is_said_to_be(tmp_path: Path) -> None:
    async def answers_nobody(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(600)
        return web.Response()

    app = web.Application()
    app.router.add_post("/{call:.*}", answers_nobody)
    async with TestServer(app) as server:
        there = Telegram(str(server.make_url("")).rstrip("/"), Journal(tmp_path / "journal"))

        with pytest.raises(BrokenError, match="not done within 2 s"):
            await aiogram_bulk(there, [[1, "Mensa\nfredda"]], 1, patience=2)


def test_the_time_that_s6_may_take_is_enough_for_any_scale() -> None:
    """Ours, then each of the others, have the longest outage and send what it owes: at 30 a second, 12 of them new."""
    s6, s5 = SCENARIOS["S6"], SCENARIOS["S5"]

    for scale in (1, 2, 10):
        longest = max(outage.OUTAGES) / scale
        assert s6.longest(Size(quick=False, scale=scale)) >= 5 * longest * (1 + 12 / 18) + 600
    assert s5.longest(Size(quick=False, scale=1)) == LONGEST


@pytest.mark.parametrize("scale", ["0.5", "0", "-3", "nan"])
def test_outages_longer_than_they_are_called_are_refused(scale: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        arguments(SCENARIOS, ["S6", "--scale", scale])

    assert "--scale must be 1 or more" in capsys.readouterr().err
    assert arguments(SCENARIOS, ["S6", "--scale", "1"]).scale == 1


# What happens to each is real: its Postgres refuses a statement, its process is told to stop.
A_BAD_RUN = """
import asyncio, os, signal, sys
import asyncpg
from deploy.bench import desk, rivals
from deploy.bench.__main__ import main
from deploy.bench.figure import Figure, Measured, at_most
from deploy.bench.scenario import Scenario

async def good(ground, size):
    return Measured((Figure("came", float("nan"), "s", at_most(1)),))

async def loses(ground, size):
    return {}["7."]

async def asks_badly(ground, size):
    async with ground.database() as url:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("select 1 / 0")
        finally:
            await connection.close()

async def has_bad_peers(ground, size):
    def opens_badly(ground, telegram, chats):
        raise ConnectionResetError("it hung up")
    async def runs_badly(telegram, calls, patience):
        raise KeyError("url")
    _, at_the_desk = await desk.each(ground, {"one": opens_badly}, [1], None)
    _, alone = await rivals.each(ground, {"other": runs_badly}, [], 1)
    return Measured((Figure("ours", 1),), (*at_the_desk, *alone))

async def is_stopped(ground, size):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(600)
    finally:
        raise RuntimeError("on the way out")

each = (good, loses, asks_badly, has_bad_peers, is_stopped, good)
sys.exit(main({f"{number}": Scenario(one.__name__, one) for number, one in enumerate(each)}))
"""


def test_what_breaks_is_told_the_others_go_on_and_what_is_stopped_keeps_what_it_has(tmp_path: Path) -> None:
    """One loses a key, one asks Postgres badly, the peers of one break, and one is told to stop."""
    code, said, written = ran(tmp_path)

    assert code == 130
    assert [one["name"] for one in written["scenarios"]] == ["0", "3"]
    assert written["scenarios"][0]["figures"][0]["value"] is None
    assert written["scenarios"][0]["figures"][0]["met"] is False
    assert [row["why"].partition(" (")[0] for row in written["not_measured"]] == [
        "KeyError: '7.'",
        "DivisionByZeroError: division by zero",
        "not reached",
        "not reached",
    ]
    assert "1 could not be measured: KeyError: '7.'" in said
    assert "without 1, 2, 4, 5." in said
    assert [one[:32] for one in written["scenarios"][1]["remarks"]] == [
        "NOT MEASURED: one did not run. I",
        "NOT MEASURED: other did not run.",
    ]


def test_the_exit_code_tells_that_one_could_not_be_measured(tmp_path: Path) -> None:
    assert ran(tmp_path, "1", "0")[0] == 1


def ran(tmp_path: Path, *names: str) -> tuple[int, str, dict[str, Any]]:
    """Run the bench with scenarios of ours; what it wrote down must be JSON for everybody."""
    file = tmp_path / "bench.json"
    words = [sys.executable, "-c", A_BAD_RUN, *names, "--json", str(file)]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, timeout=300, check=False)
    written = json.loads(file.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    return done.returncode, done.stdout, written

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice that cannot be shown, by a fault of ours, takes none of its neighbours with it."""

import io
import json
from html import unescape
from typing import Any

import pytest

from app.intake import Accepted
from app.telemetry import configure
from tests.api.calling import fresh, some_settings
from tests.board.conftest import Board

PATHS = ["", "/archivio", "/servizi/mensa", "/feed.atom", "/feed.json", "/calendario.ics"]
BREAK = "update posting set content = content::jsonb || $3::jsonb where channel_id = $1 and notice_id = $2"
FAR = {"valid_from": "2026-11-27T00:00:00Z", "valid_until": "9999-12-31T23:59:59Z"}
UNREADABLE = {"kind": "of no kind"}


async def two_of_which_one_is_broken(board: Board, how: dict[str, Any]) -> Accepted:
    broken = await board.shows(texts={"it": {"title": "Avviso guasto"}}, kind="closure", priority="urgent")
    await board.shows(texts={"it": {"title": "Avviso sano"}}, valid_from="2026-11-27T00:00:00Z")
    await board.pool.execute(BREAK, board.id, broken.id, json.dumps(how))
    return broken


@pytest.mark.parametrize("how", [FAR, UNREADABLE], ids=["a time that no zone can hold", "a kind that is none"])
async def test_a_broken_notice_is_left_out_and_its_neighbours_are_shown(board: Board, how: dict[str, str]) -> None:
    await two_of_which_one_is_broken(board, how)

    for path in PATHS:
        answer = await board.get(f"{path}?scuola={fresh('nessuna')}")
        assert answer.status == 200, path
        assert "Avviso sano" in answer.text, path
        assert "Avviso guasto" not in answer.text or (path, how) == ("/feed.json", FAR), path


@pytest.mark.parametrize("how", [FAR, UNREADABLE, {"title": None}], ids=["far", "unreadable", "without a title"])
async def test_the_page_of_a_broken_notice_says_so_and_the_fault_is_logged(board: Board, how: dict[str, Any]) -> None:
    lines = io.StringIO()
    broken = await two_of_which_one_is_broken(board, how)
    configure(some_settings("postgresql://u@h/d", "redis://h"), lines)

    answer = await board.get(f"/avvisi/{broken.id}")
    configure(some_settings("postgresql://u@h/d", "redis://h"), io.StringIO())

    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "Questo avviso non si può mostrare" in unescape(answer.text)
    assert [line["notice"] for line in told if line["event"] == "entry.broken"] == [str(broken.id)]
    assert "Avviso guasto" not in lines.getvalue()

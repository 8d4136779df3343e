# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice that cannot be shown, by a fault of ours, takes none of its neighbours with it."""

import json

import pytest

from app.intake import Accepted
from tests.api.calling import fresh
from tests.board.conftest import Board

PATHS = ["", "/archivio", "/servizi/mensa", "/feed.atom", "/feed.json", "/calendario.ics"]
BREAK = "update posting set content = content::jsonb || $3::jsonb where channel_id = $1 and notice_id = $2"
FAR = {"valid_from": "2026-11-27T00:00:00Z", "valid_until": "9999-12-31T23:59:59Z"}
UNREADABLE = {"kind": "of no kind"}


async def two_of_which_one_is_broken(board: Board, how: dict[str, str]) -> Accepted:
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

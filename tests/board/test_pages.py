# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What people read."""

from tests.board.conftest import Board


async def test_a_notice_stands_on_the_board_and_on_a_page_of_its_own(board: Board) -> None:
    text = {"title": "Pasto freddo", "body": "Una **prova**.", "what_to_do": ["Niente da fare."]}
    notice = await board.shows(texts={"it": text})

    front, own = await board.page(), await board.notice_page(notice)

    for page in (front, own):
        assert "Pasto freddo" in page
        assert "<p>Una <strong>prova</strong>.</p>" in page
        assert "<li>Niente da fare.</li>" in page

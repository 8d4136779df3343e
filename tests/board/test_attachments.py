# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Attachments on a board: whoever follows a link knows before what it opens and how large that is."""

import pytest

from app.board.entry import File
from tests.board.conftest import Board, Hang
from tests.board.test_feeds import atom, json_feed
from tests.workers.conftest import until

HOST = "https://www.comune.example.it"
FILES = {
    f"{HOST}/menu.pdf": ("Menù di gennaio", "document", b"%PDF-" + bytes(119_995)),
    f"{HOST}/mappa": ("Mappa delle fermate", "document", b"\x89PNG\r\n\x1a\n" + bytes(1_279_992)),
    f"{HOST}/foto.jpg": ("La nuova mensa", "photo", b"\xff\xd8\xff" + bytes(10)),
}
LOST = f"{HOST}/perso.pdf"
HAVE = """
insert into media (notice_id, href, state, kind, content) values ($1, $2, 'ready', $3, $4)
on conflict (notice_id, href) do update set state = 'ready', kind = $3, content = $4
"""
SETTLED = "select bool_and(state = 'failed') from media where notice_id = $1"


async def shown(board: Board) -> str:
    """Show a notice with three files that were fetched and one that was not; give its number."""
    attachments = [{"title": title, "href": href} for href, (title, _, _) in FILES.items()]
    texts = {"it": {"title": "Menù nuovo"}, "zh-Hans": {"title": "新菜单"}}
    notice = await board.shows(texts=texts, attachments=[*attachments, {"title": "Perso", "href": LOST}])

    async def nobody_fetches() -> bool:
        return bool(await board.pool.fetchval(SETTLED, notice.id))

    await until(nobody_fetches, 90)
    for href, (_, kind, content) in FILES.items():
        await board.pool.execute(HAVE, notice.id, href, kind, content)
    return str(notice.id)


@pytest.mark.parametrize(
    ("language", "sorts"),
    [
        ("it", ["documento PDF, 120 kB", "immagine PNG, 1,3 MB", "immagine JPEG, 1 kB"]),
        ("zh-Hans", ["PDF 文件, 120 kB", "PNG 图片, 1.3 MB", "JPEG 图片, 1 kB"]),
    ],
)
async def test_a_link_says_what_it_opens_and_how_large_that_is(hang: Hang, language: str, sorts: list[str]) -> None:
    board = await hang(language=language)
    number = await shown(board)

    page = await board.page(f"/avvisi/{number}")

    for (href, (title, _, _)), sort in zip(FILES.items(), sorts, strict=True):
        assert f'<a href="{href}"><span lang="it">{title}</span> ({sort})</a>' in page
    assert f'<a href="{LOST}"><span lang="it">Perso</span></a>' in page


async def test_feeds_name_what_was_fetched_with_type_and_size(board: Board) -> None:
    number = await shown(board)

    feed, entries = await json_feed(board), (await atom(board)).iter("{http://www.w3.org/2005/Atom}link")

    (item,) = [each for each in feed["items"] if each["url"].endswith(number)]
    types = ["application/pdf", "image/png", "image/jpeg"]
    sizes = [len(content) for _, _, content in FILES.values()]
    assert [each["url"] for each in item["attachments"]] == list(FILES)
    assert [(each["mime_type"], each["size_in_bytes"]) for each in item["attachments"]] == list(
        zip(types, sizes, strict=True)
    )
    links = [each.attrib for each in entries if each.get("rel") == "enclosure"]
    assert [(each["href"], each["type"], int(each["length"])) for each in links] == list(
        zip(FILES, types, sizes, strict=True)
    )


def test_a_picture_is_told_from_a_document() -> None:
    assert [File(name, 1).media_type for name in ("PDF", "PNG", "JPEG")] == [
        "application/pdf",
        "image/png",
        "image/jpeg",
    ]

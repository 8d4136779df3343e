# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What people read of the notices."""

import re

from tests.board.conftest import Board, Hang
from tests.board.given import titled

TITLE = re.compile(r"<h3[^>]*><a [^>]*>(?:<s>)?(.*?)(?:</s>)?</a></h3>")


async def test_a_notice_stands_on_the_board_and_on_a_page_of_its_own(board: Board) -> None:
    text = {"title": "Pasto freddo", "body": "Una **prova**.", "what_to_do": ["Niente da fare."]}
    link = {"title": "Scheda", "href": "https://www.comune.example.it/scheda"}
    notice = await board.shows(
        texts={"it": text},
        links=[link],
        valid_from="2027-03-05T11:30:00+01:00",
        valid_until="2027-03-05T14:30:00+01:00",
    )
    await board.pool.execute("update posting set ends_at = now() + interval '1 day' where notice_id = $1", notice.id)

    front, own = await board.page(), await board.notice_page(notice)

    for page in (front, own):
        assert "Pasto freddo" in page
        assert "<p>Una <strong>prova</strong>.</p>" in page
        assert "<li>Niente da fare.</li>" in page
        assert '<time datetime="2027-03-05T11:30:00+01:00">venerdì 5 marzo 2027, 11.30-14.30</time>' in page
        assert '<a href="https://www.comune.example.it/scheda" lang="it">Scheda</a>' in page
        assert "Comune di Esempio · mensa" in page


async def test_urgent_ones_come_first_and_then_the_newest(board: Board) -> None:
    for title, priority in (("uno", "normal"), ("due", "urgent"), ("tre", "bulk"), ("quattro", "normal")):
        await board.shows(**titled(title, priority=priority))

    page = await board.page()

    assert TITLE.findall(page) == ["due", "quattro", "tre", "uno"]
    assert page.count('role="alert"') == 1


async def test_an_urgent_one_of_yesterday_alarms_nobody_any_more(board: Board) -> None:
    notice = await board.shows(**titled("ieri", priority="urgent"))
    await board.pool.execute("update posting set changed_at = now() - interval '1 day' where notice_id = $1", notice.id)

    page = await board.page()

    assert (TITLE.findall(page), 'role="alert"' in page) == (["ieri"], False)


async def test_a_correction_is_shown_as_such_with_its_time(board: Board) -> None:
    notice = await board.shows(**titled("Fermata al 110"))

    await board.corrects(notice, **titled("Fermata al 112"))

    for page in (await board.page(), await board.notice_page(notice)):
        assert "Fermata al 112" in page
        assert "Fermata al 110" not in page
        assert re.search(r'<time datetime="[^"]+">Corretto il \d+ \w+ 20\d\d al', page)


async def test_a_withdrawn_one_is_struck_out_with_its_time_and_without_its_steps(board: Board) -> None:
    text = {"title": "Scuole chiuse", "body": "Restate a casa.", "what_to_do": ["Non uscire."]}
    notice = await board.shows(texts={"it": text}, priority="urgent")

    await board.withdraws(notice)

    front, own = await board.page(), await board.notice_page(notice)
    for page in (front, own):
        assert "<s>Scuole chiuse</s>" in page
        assert re.search(r'<time datetime="[^"]+">AVVISO RITIRATO, all', page)
        assert "bacheca-urgent" not in page
    assert "Non uscire." not in front
    assert "Non uscire." in own.split("<details")[1].split("</details>")[0]


async def test_one_that_is_over_leaves_the_front_page_and_stays_in_the_archive(board: Board) -> None:
    notice = await board.shows(**titled("Finito"))
    await board.pool.execute("update posting set ends_at = now() where notice_id = $1", notice.id)

    front, archive, own = await board.page(), await board.page("/archivio"), await board.notice_page(notice)

    assert "Finito" not in front
    assert "Nessun avviso in vigore" in front
    for page in (archive, own):
        assert "Finito" in page
        assert "Non è più in vigore" in page


async def test_one_that_replaces_another_says_so_and_the_other_too(board: Board) -> None:
    old = await board.shows(**titled("Linea 4: fermata A", event_id="linea/4"))
    new = await board.shows(**titled("Linea 4: fermata B", supersedes="linea/4"))

    front, old_page, new_page = await board.page(), await board.notice_page(old), await board.notice_page(new)

    assert TITLE.findall(front) == ["Linea 4: fermata B"]
    assert f'<strong>Sostituito dall\'avviso</strong> <a href="{board.path}/avvisi/{new.id}"' in old_page
    for page in (front, new_page):
        assert f'Sostituisce l\'avviso <a href="{board.path}/avvisi/{old.id}"' in page


async def test_what_replaced_it_was_withdrawn_so_it_holds_again(board: Board) -> None:
    await board.shows(**titled("vecchio", event_id="linea/5"))
    new = await board.shows(**titled("nuovo", supersedes="linea/5"))

    await board.withdraws(new)

    assert TITLE.findall(await board.page()) == ["nuovo", "vecchio"]


async def test_a_notice_of_another_source_replaces_nothing(board: Board) -> None:
    await board.shows(**titled("nostro", event_id="linea/6"))
    await board.shows(source="trasporto", **titled("loro", supersedes="linea/6"))

    assert TITLE.findall(await board.page()) == ["loro", "nostro"]


async def test_a_reader_chooses_a_service_and_an_audience(board: Board) -> None:
    await board.shows(**titled("nido", service="nidi"))
    await board.shows(**titled("primaria", audience={"grades": ["primaria"], "schools": ["La Spola"]}))
    await board.shows(**titled("infanzia", audience={"grades": ["infanzia"]}))

    others = "?utm_source=x&scuola=Altra&zona="
    paths = ("/servizi/nidi", "?grado=primaria", "?grado=infanzia&scuola=Altra", others)
    chosen = {path: TITLE.findall((await board.get(path)).text) for path in paths}

    assert chosen == {
        "/servizi/nidi": ["nido"],
        "?grado=primaria": ["primaria", "nido"],
        "?grado=infanzia&scuola=Altra": ["infanzia", "nido"],
        others: ["infanzia", "nido"],
    }


async def test_the_archive_has_pages(board: Board) -> None:
    await board.shows(**titled("primo"))
    for number in range(20):
        await board.shows(**titled(f"avviso {number}"))

    newest, oldest, beyond = [await board.get(f"/archivio{page}") for page in ("", "/2", "/3")]

    assert ("Pagina 1 di 2" in newest.text, 'rel="next"' in newest.text, "primo" in newest.text) == (True, True, False)
    assert ("Pagina 2 di 2" in oldest.text, 'rel="prev"' in oldest.text, "primo" in oldest.text) == (True, True, True)
    assert beyond.status == 404


async def test_a_text_in_another_language_says_so_and_names_its_language(hang: Hang) -> None:
    chinese = await hang(language="zh-Hans", title="家庭通知")
    await chinese.shows(texts={"it": {"title": "Solo in italiano"}})
    await chinese.shows(texts={"it": {"title": "In due lingue"}, "zh-Hans": {"title": "两种语言"}})

    page = await chinese.page()

    assert '<html lang="zh-Hans">' in page
    assert re.search(r'lang="zh-Hans" dir="auto"><a [^>]*>两种语言', page)
    assert re.search(r'lang="it" dir="auto"><a [^>]*>Solo in italiano', page)
    assert page.count("此通知暂无中文版，以下为意大利语原文。") == 1

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The board in a real browser: for everyone, on a small telephone, without script, printed, and asking nobody else."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from playwright.async_api import Browser, Page, expect

from tests.board.conftest import CHROMIUM, PATIENT, Board, Hang

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
SMALL = {"width": 320, "height": 640}
LONG = "Precipitevolissimevolmente-" * 6
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
expect.set_options(timeout=PATIENT)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


@asynccontextmanager
async def opened(browser: Browser, address: str, **options: Any) -> AsyncIterator[Page]:
    """Open an address in a browser that knows nobody; every request and complaint is kept with the page."""
    context = await browser.new_context(**options)
    context.set_default_timeout(PATIENT)
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: asked.append(f"complaint: {said.text}") if said.type == "error" else None)
    await page.goto(address)
    yield page
    strangers = [url for url in asked if urlsplit(url).hostname != "127.0.0.1"]
    assert strangers == []
    assert await context.cookies() == []
    await context.close()


async def violations(page: Page) -> list[str]:
    """Ask axe, through the browser's own door: the page's policy lets no script in."""
    await page.evaluate(AXE)
    found = await page.evaluate(f"axe.run(document, {json.dumps(RULES)})")
    return [f"{each['id']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]]


async def filled(board: Board, language: str) -> dict[str, str]:
    """Fill a board with every kind of notice there is; give the addresses of all its kinds of page."""

    def text(title: str, **members: Any) -> dict[str, Any]:
        return {"texts": {language: {"title": title, **members}}}

    body = (
        "# Titolo\n\nUna **prova** con [un rimando](https://www.comune.example.it/).\n\n> Citazione\n\n1. uno\n2. due"
    )
    link = {"title": "Scheda completa", "href": "https://www.comune.example.it/scheda"}
    contact = {"label": "Ufficio", "phone": "+39 0574 000110", "email": "mensa@comune.example.it", "hours": "lun-ven"}
    times = {"valid_from": "2027-03-05T11:30:00+01:00", "valid_until": "2027-03-05T14:30:00+01:00"}
    files = [{"title": "Menù di gennaio", "href": "https://www.comune.example.it/menu.pdf"}] if language == "it" else []
    ways: dict[str, Any] = {"links": [link], "attachments": files, **times}
    urgent = await board.shows(priority="urgent", kind="alert", **ways, **text("Allerta", body=body))
    await board.pool.execute(
        "update media set state = 'ready', kind = 'document', content = $2 where notice_id = $1", urgent.id, b"%PDF-"
    )
    whole = text("Pasto freddo", summary="In breve.", body=body, what_to_do=["Controlla.", LONG])
    corrected = await board.shows(service="nidi", audience={"grades": ["nido"]}, contacts=[contact], **whole)
    await board.corrects(corrected, **text(f"Corretto {LONG}", body=body))
    withdrawn = await board.shows(**text("Ritirato"))
    await board.withdraws(withdrawn)
    old = await board.shows(event_id=f"x/{board.place}", **text("Vecchio"))
    new = await board.shows(supersedes=f"x/{board.place}", **text("Nuovo"))
    foreign = await board.shows(texts={"fr": {"title": "En français", "body": "Bonjour."}})
    await board.pool.execute(
        "insert into channel (id, slug, kind, address, title, language, check_result) values (gen_random_uuid(), $1,"
        " 'telegram', $1, 'Scuola e famiglie', $2, '{\"link\": \"https://t.me/scuola_famiglie\"}')",
        f"t-{board.place}",
        board_language(language),
    )
    notices = {
        "urgent": urgent,
        "corrected": corrected,
        "withdrawn": withdrawn,
        "old": old,
        "new": new,
        "foreign": foreign,
    }
    pages = {name: f"{board.path}/avvisi/{notice.id}" for name, notice in notices.items()}
    plain = {"front": board.path, "service": f"{board.path}/servizi/nidi?grado=nido", "boards": "/bacheca"}
    return {**pages, **plain, "archive": f"{board.path}/archivio", "missing": f"{board.path}/niente"}


def board_language(language: str) -> str:
    return language


@pytest.fixture
async def empty(hang: Hang) -> Board:
    return await hang(language="it", fallback=False, services=["pacchetto-scuola"], title="Vuota")


@pytest.mark.parametrize("language", ["it", "zh-Hans", "en"])
async def test_no_page_has_a_barrier_on_a_large_screen_or_a_small_one(
    hang: Hang, browser: Browser, language: str
) -> None:
    board = await hang(language=language, title="家庭通知" if language == "zh-Hans" else "Avvisi")
    pages = await filled(board, language)
    found: dict[str, Any] = {}

    async with opened(browser, f"{board.reader.address}{board.path}", viewport=SMALL) as page:
        for name, path in pages.items():
            await page.set_viewport_size({"width": 1280, "height": 900} if name == "front" else SMALL)  # type: ignore[arg-type]
            if name != "missing":
                await page.goto(f"{board.reader.address}{path}")
                found[name] = (await violations(page), await page.evaluate(WIDER), await page.title() != "")
        languages = await page.evaluate("[...document.querySelectorAll('[lang]')].map(each => each.lang)")

    assert found == dict.fromkeys(found, ([], 0, True))
    assert language in languages


async def test_a_page_that_is_not_there_and_one_that_is_empty_have_no_barrier(
    board: Board, empty: Board, browser: Browser
) -> None:
    async with opened(browser, f"{board.reader.address}{empty.path}", viewport=SMALL) as page:
        assert await page.get_by_role("heading", name="Nessun avviso in vigore").is_visible()
        assert (await violations(page), await page.evaluate(WIDER)) == ([], 0)

    context = await browser.new_context(viewport=SMALL)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENT)
    missing = await context.new_page()
    answer = await missing.goto(f"{board.reader.address}/bacheca/nessuna")
    assert answer is not None
    assert (answer.status, await violations(missing), await missing.evaluate(WIDER)) == (404, [], 0)
    await context.close()


async def test_the_check_finds_barriers_where_there_are_some(board: Board, browser: Browser) -> None:
    await board.shows(texts={"it": {"title": "Pasto freddo"}})
    await board.is_seen("Pasto freddo")

    async with opened(browser, f"{board.reader.address}{board.path}") as page:
        assert await violations(page) == []
        await page.evaluate(
            """() => {
              document.documentElement.removeAttribute('lang');
              document.querySelector('h3 a').textContent = '';
              document.querySelector('.bacheca-foot').style.color = '#ddd';
              document.title = '';
            }"""
        )
        broken = {each.split(":")[0] for each in await violations(page)}

    assert broken == {"html-has-lang", "link-name", "color-contrast", "document-title"}


async def test_everything_works_without_script_and_by_keyboard_alone(board: Board, browser: Browser) -> None:
    await board.shows(texts={"it": {"title": "Nido chiuso"}}, service="nidi", audience={"grades": ["nido"]})
    await board.shows(texts={"it": {"title": "Pasto freddo"}}, audience={"grades": ["primaria"]})
    await board.is_seen("Pasto freddo")

    async with opened(browser, f"{board.reader.address}{board.path}", java_script_enabled=False) as page:
        await page.keyboard.press("Tab")
        assert await page.locator("*:focus").inner_text() == "Vai al contenuto"
        await page.get_by_label("Ordine di scuola").select_option("nido")
        await page.get_by_role("button", name="Mostra").click()
        await expect(page.locator("article h3")).to_have_text(["Nido chiuso"])
        await page.get_by_role("link", name="Nido chiuso").click()
        assert await page.get_by_role("heading", level=1).inner_text() == "Nido chiuso"
        await page.get_by_role("link", name="Archivio degli avvisi").click()
        await page.get_by_role("link", name="Pasto freddo").click()
        await page.get_by_role("link", name="Avvisi in vigore").click()
        await expect(page.locator("article")).to_have_count(2)


async def test_printed_it_is_the_notices_and_the_way_back(board: Board, browser: Browser) -> None:
    link = {"title": "Scheda", "href": "https://www.comune.example.it/scheda"}
    notice = await board.shows(texts={"it": {"title": "Pasto freddo"}}, links=[link])

    async with opened(browser, f"{board.reader.address}{board.path}/avvisi/{notice.id}") as page:
        await page.emulate_media(media="print")
        assert await page.get_by_role("heading", level=1).is_visible()
        assert await page.locator(".bacheca-qr").is_visible()
        assert [await each.is_visible() for each in await page.locator(".d-print-none").all()] == [False, False]
        after = "getComputedStyle(document.querySelector('.bacheca-links a'), '::after').content"
        assert "https://" in await page.evaluate(f"{after}") or "attr" in await page.evaluate(after)
        assert await page.evaluate("getComputedStyle(document.querySelector('.bacheca-brand')).backgroundColor") == (
            "rgba(0, 0, 0, 0)"
        )
        assert len(await page.pdf()) > 1000


async def test_hostile_words_are_words(board: Board, browser: Browser) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&lt;]]></title></script>"
    notice = await board.shows(
        texts={"it": {"title": evil[:200], "summary": evil, "what_to_do": [evil], "body": f"Corpo: `{evil}`"}},
        links=[{"title": '"><script>alert(3)</script>', "href": "https://www.comune.example.it/?a=%22%3E&b=1"}],
        contacts=[{"label": "<b onclick=alert(4)>x</b>", "hours": "</p><script>alert(5)</script>"}],
        audience={"schools": ["</option><script>alert(6)</script>"]},
    )
    await board.is_seen("alert(6)")

    for path in ("", f"/avvisi/{notice.id}", "/archivio", "?grado=%3Cscript%3Ealert(7)%3C/script%3E"):
        async with opened(browser, f"{board.reader.address}{board.path}{path}") as page:
            page.on("dialog", lambda dialog: pytest.fail(dialog.message))
            scripts = await page.evaluate("[...document.scripts].map(each => each.type)")
            assert set(scripts) <= {"application/ld+json"}
            assert await page.evaluate("document.querySelectorAll('img, [onerror], [onclick]').length") == 0
            assert await page.get_by_text("<script>alert(1)</script>").count() >= 1
            for told in await page.locator("script").all_inner_texts():
                assert json.loads(told)["name"] == evil[:200]

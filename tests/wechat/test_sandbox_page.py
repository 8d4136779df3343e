# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The page of WeChat's sandbox in a real browser, and its description."""

import json
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

import deploy.sandbox_wechat
from app.amend import Change, withdraw
from deploy.sandbox_wechat.control import Control
from deploy.sandbox_wechat.journal import Entry
from deploy.sandbox_wechat.rules import PROFILES
from tests.wechat.town import Town

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
README = (Path(deploy.sandbox_wechat.__file__).parent / "README.md").read_text("utf-8")


def test_every_profile_and_every_field_of_the_journal_is_described() -> None:
    assert [name for name in (*PROFILES, *Entry.__struct_fields__) if f"`{name}`" not in README] == []


async def test_every_route_of_the_control_api_is_listed(town: Town) -> None:
    routes = Control(town.sandbox).application(forced=False).router.routes()
    paths = {resource.canonical for route in routes if (resource := route.resource)}

    assert [path for path in paths if f"/sandbox{path}`" not in README] == []


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed")
async def test_an_article_is_confirmed_and_read_as_on_a_phone_without_any_request_to_the_outside(town: Town) -> None:
    town.sandbox.account.needs_confirmation = True
    await town.channel()
    await town.accepts()
    await town.turn()
    asked: list[str] = []

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, timeout=120_000)
        page = await browser.new_page(viewport={"width": 900, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(town.sandbox.url)
        await page.get_by_role("button", name="Conferma").click()
        await page.get_by_text("arrivato a 20 di 20").wait_for()
        await page.get_by_role("button", name="Mensa: pasto freddo").click()
        await page.locator("#article").get_by_role("heading", name="Mensa: pasto freddo").wait_for()
        text = await page.locator("#article").inner_text()
        await browser.close()

    assert "Comune di Prato" in text
    assert {url.startswith((town.sandbox.url, "data:")) for url in asked} == {True}
    await town.settles()
    assert await town.states() == ["delivered"]


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed")
async def test_notices_that_share_a_push_stand_in_one_card_and_one_that_was_deleted_says_so(town: Town) -> None:
    await town.channel()
    numbers = [(await town.accepts(event_id=each, texts={"it": {"title": each}})).id for each in ("uno", "due", "tre")]
    await town.settles()
    await withdraw(town.pool, Change(numbers[1], "mensa", "test", None))
    await town.settles()

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, timeout=120_000)
        page = await browser.new_page(viewport={"width": 900, "height": 900})
        await page.goto(town.sandbox.url)
        await page.get_by_text("3 articoli · a tutti · arrivato a 20 di 20").wait_for()
        card = await page.locator("#sends .card button").all_inner_texts()
        await page.get_by_role("button", name="due (eliminato)").click()
        await page.locator("#article").get_by_role("heading", name="eliminato").wait_for()
        await browser.close()

    assert card == ["uno", "due (eliminato)", "tre"]


async def test_a_picture_of_the_notice_is_uploaded_once_and_stands_in_both_articles(town: Town) -> None:
    await town.channel()
    href = "https://www.comune.example.it/cartina.png"
    notice = await town.accepts(attachments=[{"title": "Cartina", "href": href}])
    await town.pool.execute(
        "update media set state = 'ready', kind = 'photo', content = $2 where notice_id = $1", notice.id, picture()
    )

    await town.settles()

    (send,) = town.sandbox.pushed
    assert [f'<img src="{town.sandbox.url}/mmbiz/' in article.content for article in send.articles] == [True, True]
    assert len(list(town.calls("media/uploadimg"))) == 1
    assert "\ufffc" not in json.dumps([article.content for article in send.articles], ensure_ascii=False)


def picture() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes(200)

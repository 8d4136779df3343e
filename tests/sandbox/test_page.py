# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The page: complete, without any request to the outside, and live."""

import asyncio
import json
import re
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Page, async_playwright

from deploy.sandbox import Sandbox
from deploy.sandbox.pages import FILES
from tests.sandbox.town import CHANNEL, OTHER, PERSON, Caller, picture

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@pytest.mark.parametrize("path", FILES)
async def test_each_file_is_served_with_a_strict_policy(path: str, call: Caller) -> None:
    answer = await call.send("GET", path)

    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"(src|href)=.(https?:)?//|@import|url\(", answer.body.decode())


async def event(lines: aiohttp.StreamReader) -> tuple[str, dict[str, object]]:
    """Read on to the next event."""
    name = ""
    while True:
        line = (await lines.readline()).decode().strip()
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            return name, json.loads(line.removeprefix("data: "))


async def test_an_open_page_is_told_what_happens(sandbox: Sandbox, call: Caller) -> None:
    async with call.session.get(f"{sandbox.url}/sandbox/events") as stream, asyncio.timeout(60):
        await stream.content.readline()
        message_id = await call.post(CHANNEL, "Ciao", disable_notification=True)
        posted = await event(stream.content)
        await call("deleteMessage", chat_id=CHANNEL, message_id=message_id)
        deleted = await event(stream.content)

    assert (posted[0], deleted[0], stream.content_type) == ("message", "deleted", "text/event-stream")
    message = posted[1]["message"]
    assert isinstance(message, dict)
    assert (message["text"], message["silent"], message["by"]) == ("Ciao", True, "bot")


async def test_a_page_that_cannot_keep_up_is_told_to_load_anew(sandbox: Sandbox) -> None:
    queue: asyncio.Queue[bytes] = asyncio.Queue(4)
    sandbox.live.queues.add(queue)

    for place in range(5):
        sandbox.post_as_human(CHANNEL, str(place))
    sandbox.live.queues.clear()

    assert (queue.qsize(), queue.get_nowait()) == (1, b"event: reload\ndata: {}\n\n")


async def shown(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in await page.locator(selector).all_inner_texts()]


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed")
async def test_a_browser_shows_the_chats_as_on_a_phone(sandbox: Sandbox, call: Caller) -> None:
    outside: list[str] = []
    wrong: list[str] = []
    await call.post(CHANNEL, "<b>Sciopero</b>: <a href='https://a.it'>mensa</a> 食堂", parse_mode="HTML")
    await call.upload("sendPhoto", {"photo": ("a.png", picture(40, 30))}, chat_id=CHANNEL, caption="Menù")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS, timeout=120_000)
        page = await browser.new_page(viewport={"width": 320, "height": 640})
        page.on("request", lambda request: None if request.url.startswith(sandbox.url) else outside.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text))
        await page.goto(f"{sandbox.url}/#{CHANNEL}")
        await page.wait_for_selector(".bubble .photo-box")

        live = await call.post(CHANNEL, "Dal vivo", disable_notification=True)
        await page.wait_for_selector(f"[data-id='{live}'] .icon.silent")
        await call("editMessageText", chat_id=CHANNEL, message_id=live, text="Corretto")
        await page.wait_for_selector(f"[data-id='{live}'] .edited")
        texts = await shown(page, ".bubble .text")
        await call("deleteMessage", chat_id=CHANNEL, message_id=live)
        await page.wait_for_selector(f"[data-id='{live}']", state="detached")

        assert texts == ["Sciopero: mensa 食堂", "Menù", "Corretto"]
        assert await shown(page, ".text strong") == ["Sciopero"]
        assert await page.locator(".text a").get_attribute("href") == "https://a.it/"
        assert await shown(page, ".about b") == ["Scuola", "Anna", "Rappresentanti", "Genitori", "Mensa"]
        assert await page.evaluate("document.documentElement.scrollWidth") == 320
        await browser.close()
    assert (outside, wrong) == ([], [])


async def test_a_chat_is_described_for_the_list(call: Caller) -> None:
    await call.post(PERSON, "Ciao Anna")

    chats = (await call.send("GET", "/sandbox/chats?limit=2")).json

    assert (chats["total"], [chat["id"] for chat in chats["chats"]]) == (5, [PERSON, -4000001])
    assert chats["chats"][0]["last"]["text"] == "Ciao Anna"
    assert OTHER not in {chat["id"] for chat in chats["chats"]}

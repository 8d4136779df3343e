# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The documentation as an operator meets it: in a browser, without the Internet, with examples that work."""

import shutil
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from app.api.application import api
from app.api.docs import AUDIENCES
from app.api.document_webhooks import webhooks
from tests.api.calling import ADMIN_KEY, Caller

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
EXPECTED = {
    "list_notices": "200",
    "name_service": "200",
    "issue_key": "201",
    "redrive_dead_letters": "200",
    "report_leaked_key": "202",
    "list_choices": "200",
    "list_acts": "200",
}
"""What the first example of an operation answers to an operator."""
OF_A_SOURCE = {"preview_notice": "200", "make_callback": "201", "list_callbacks": "200"}
PATIENT = 60_000
"""Milliseconds to wait for what a busy machine shows late."""
expect.set_options(timeout=PATIENT)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]


class Watched:
    """A page, every address it asked for, and every complaint of the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.hosts: set[str | None] = set()
        self.complaints: list[str] = []
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        launched = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=2 * PATIENT)
        yield launched
        await launched.close()


@pytest.fixture
async def watched(browser: Browser, operator: Caller) -> AsyncIterator[Watched]:
    """A page of a browser that knows nobody yet."""
    context = await browser.new_context(viewport={"width": 1280, "height": 1600})
    context.set_default_timeout(PATIENT)
    watched = Watched(await context.new_page())
    await watched.page.goto(f"{operator.address}/docs")
    await expect(watched.page.locator(".opblock").first).to_be_visible()
    yield watched
    await context.close()


async def authorize(page: Page, key: str) -> None:
    await page.locator(".auth-wrapper .authorize").click()
    await page.locator(".modal-ux input").fill(key)
    await page.locator(".modal-ux .auth-btn-wrapper .authorize").click()
    await page.locator(".modal-ux .btn-done").click()


async def tried(page: Page, operation: str) -> str:
    """Open an operation, execute it with its first example, and read the status it got."""
    block = page.locator(f"[id$='-{operation}'].opblock")
    await block.locator(".opblock-summary-control").click()
    await block.locator(".execute").click()
    status = block.locator(".live-responses-table .response-col_status")
    await expect(status.last).to_be_visible()
    return (await status.last.inner_text()).split()[0]


async def test_the_page_shows_every_operation_and_asks_nobody_else(watched: Watched) -> None:
    shown = await watched.page.locator(".opblock").count()

    assert shown == len(api().router.routes) + len(webhooks())
    assert watched.hosts == {"127.0.0.1"}
    assert watched.complaints == []


@pytest.mark.parametrize(("asked", "shown", "button"), [("?lang=it", "it", "Esegui"), ("?lang=en", "en", "Execute")])
async def test_the_page_speaks_the_language_that_is_asked_for(
    watched: Watched, operator: Caller, asked: str, shown: str, button: str
) -> None:
    await watched.page.goto(f"{operator.address}/docs{asked}")
    block = watched.page.locator("[id$='-list_services'].opblock")
    await block.locator(".opblock-summary-control").click()

    await expect(block.locator(".execute")).to_have_text(button)
    assert await watched.page.locator("html").get_attribute("lang") == shown
    assert watched.complaints == []


@pytest.mark.parametrize("audience", AUDIENCES)
async def test_a_guide_is_read_without_the_internet(watched: Watched, operator: Caller, audience: str) -> None:
    await watched.page.goto(f"{operator.address}/docs/guide/{audience}?lang=it")

    assert await watched.page.locator("h1").inner_text() in await watched.page.content()
    assert await watched.page.locator("pre").count() > 0
    assert (watched.hosts, watched.complaints) == ({"127.0.0.1"}, [])


@pytest.mark.parametrize("language", ["it", "en"])
async def test_a_notice_is_handed_in_from_the_page_in_either_language(
    watched: Watched, operator: Caller, language: str
) -> None:
    source = await operator.a_source()
    await watched.page.goto(f"{operator.address}/docs?lang={language}")
    await authorize(watched.page, str(source.key))

    status = await tried(watched.page, "hand_in_notice")

    stored = await operator.pool.fetchval("select count(*) from notice where source = $1", source.slug)
    assert (status, stored) == ("202", 1)
    assert watched.hosts == {"127.0.0.1"}
    assert watched.complaints == []


async def test_the_examples_succeed_as_they_are(watched: Watched) -> None:
    await authorize(watched.page, ADMIN_KEY)

    statuses = {name: await tried(watched.page, name) for name in EXPECTED}

    assert statuses == EXPECTED


async def test_the_examples_of_a_source_succeed_as_they_are(watched: Watched, operator: Caller) -> None:
    await authorize(watched.page, str((await operator.a_source()).key))

    statuses = {name: await tried(watched.page, name) for name in OF_A_SOURCE}

    assert statuses == OF_A_SOURCE
    assert watched.hosts == {"127.0.0.1"}


async def test_the_page_remembers_the_key_until_it_is_taken_away(watched: Watched) -> None:
    await authorize(watched.page, ADMIN_KEY)
    await watched.page.reload()
    await expect(watched.page.locator(".opblock").first).to_be_visible()

    assert await tried(watched.page, "list_channels") == "200"

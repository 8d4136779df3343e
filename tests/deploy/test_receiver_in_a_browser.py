# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The receiver's page in a real browser: no barrier, nothing wider than a small telephone, nobody else asked."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import async_playwright
from standardwebhooks import Webhook

from app.signing import new_shared_secret
from deploy.receiver.server import receiver
from tests.board.conftest import ARGUMENTS, CHROMIUM
from tests.board.test_in_a_browser import LONG, SMALL, WIDER, opened, violations
from tests.deploy.test_receiver import Client

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]
TOLD = [
    ("notice.published", {"title": "Mensa: <b>pasto</b> freddo", "language": "it", "body": LONG * 3}),
    ("notice.corrected", {"title": "11月27日食堂改供冷餐", "language": "zh-Hans"}),
    ("notice.withdrawn", {"title": LONG, "language": "it"}),
]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with TestClient(TestServer(receiver())) as asking:
        yield asking


async def told(client: Client) -> None:
    """Tell the receiver of everything that a channel tells, and let it refuse one call."""
    secret = new_shared_secret()
    async with client.post("/secrets", json={"secret": secret}) as answer:
        assert answer.status == 204
    for number, (kind, data) in enumerate(TOLD):
        moment, body = datetime.now(UTC), json.dumps({"type": kind, "data": data})
        signature = Webhook(secret).sign(f"msg_{number}", moment, body)
        headers = {"webhook-id": f"msg_{number}", "webhook-timestamp": str(int(moment.timestamp()))}
        async with client.post("/hook", data=body, headers={**headers, "webhook-signature": signature}) as answer:
            assert answer.status in (200, 202, 204)
        async with client.post("/hook", data=body, headers={**headers, "webhook-signature": "v1,bm8="}) as answer:
            assert answer.status >= 400


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "with events"])
async def test_the_page_has_no_barrier_on_a_large_screen_or_a_small_one(client: Client, filled: bool) -> None:  # noqa: FBT001
    if filled:
        await told(client)
    found: list[tuple[list[str], int]] = []

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=120_000)
        for size in (SMALL, {"width": 1280, "height": 900}):
            async with opened(browser, str(client.make_url("/")), viewport=size) as page:
                for summary in await page.locator("summary").all():
                    await summary.click()
                found.append((await violations(page), await page.evaluate(WIDER)))
                rows = await page.locator("ol li").count()
        await browser.close()

    assert found == [([], 0), ([], 0)]
    assert rows == (len(TOLD) if filled else 0)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The demo's receiver of webhooks, spoken to by a library that is not ours."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from standardwebhooks import Webhook

from app.signing import new_shared_secret
from deploy.receiver.server import receiver

Client = TestClient[Any, Any]
TITLE = "Mensa: <b>pasto</b> freddo"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with TestClient(TestServer(receiver())) as asking:
        yield asking


async def told(client: Client, secret: str, number: str = "msg_1", at: datetime | None = None) -> int:
    """Tell the receiver of a notice, and give the status of its answer."""
    moment = at or datetime.now(UTC)
    event = {"type": "notice.published", "data": {"title": TITLE, "event_id": "mensa/1", "language": "it"}}
    body = json.dumps(event)
    headers = {
        "webhook-id": number,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(number, moment, body),
    }
    async with client.post("/hook", data=body, headers=headers) as answer:
        return answer.status


async def knows(client: Client, secret: Any) -> int:
    async with client.post("/secrets", json={"secret": secret}) as answer:
        return answer.status


async def events(client: Client) -> list[str]:
    async with client.get("/events") as answer:
        return [event["id"] for event in await answer.json()]


async def page(client: Client) -> str:
    async with client.get("/") as answer:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        return await answer.text()


async def test_what_is_signed_is_kept_once_and_shown_as_text(client: Client) -> None:
    secret = new_shared_secret()

    assert await knows(client, secret) == 204
    assert [await told(client, secret), await told(client, secret), await told(client, secret, "msg_2")] == [204] * 3

    assert await events(client) == ["msg_1", "msg_2"]
    shown = await page(client)
    assert "2 eventi con firma valida, 1 ripetuti, 0 rifiutati" in shown
    assert "Mensa: &lt;b&gt;pasto&lt;/b&gt; freddo" in shown
    assert TITLE not in shown


async def test_what_nobody_signed_or_long_ago_is_refused_and_not_shown(client: Client) -> None:
    secret, other = new_shared_secret(), new_shared_secret()
    await knows(client, secret)

    statuses = [
        await told(client, other),
        await told(client, secret, at=datetime.now(UTC) - timedelta(hours=1)),
        (await client.post("/hook", data=b"{}")).status,
    ]

    assert statuses == [401] * 3
    assert await events(client) == []
    assert "0 eventi con firma valida, 0 ripetuti, 3 rifiutati" in await page(client)


async def test_after_a_rotation_both_secrets_serve_and_no_third(client: Client) -> None:
    first, second, third = (new_shared_secret() for _ in range(3))
    for secret in (first, second, third):
        await knows(client, secret)

    assert [await told(client, secret, secret[-8:]) for secret in (first, second, third)] == [401, 204, 204]


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!", "whsk_AAAA", 7, None])
async def test_what_is_no_secret_is_refused(client: Client, secret: Any) -> None:
    assert await knows(client, secret) == 400
    assert await told(client, new_shared_secret()) == 401


async def test_it_consents_to_be_called_and_answers_under_no_other_name(client: Client) -> None:
    consent = await client.options("/hook", headers={"WebHook-Request-Origin": "avvisi.example.it"})
    other = await client.get("/", headers={"Host": "elsewhere.example"})

    assert consent.headers["WebHook-Allowed-Origin"] == "avvisi.example.it"
    assert other.status == 421

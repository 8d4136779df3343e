# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A receiver is asked before it is ever called, and it is a header that consents."""

from collections.abc import Mapping

import pytest

from app.checks import Answer, ask
from tests.webhook.conftest import Post


async def checked(post: Post, href: str = "") -> Answer:
    while (answer := await ask(post.pool, post.bell, "webhook", href or post.receiver.url())).problem is not None:
        if "no worker" not in answer.problem:
            break
    return answer


@pytest.mark.parametrize("origin", ["*", "127.0.0.1"])
async def test_a_receiver_that_consents_is_fit(post: Post, origin: str) -> None:
    post.receiver.consent = {"WebHook-Allowed-Origin": origin}

    answer = await checked(post)

    assert (answer.verdict, answer.problem, answer.can_ask) == ("ok", None, False)
    assert post.receiver.asked[0]["webhook-request-origin"] == "127.0.0.1"
    assert post.receiver.asked[0]["webhook-request-rate"] == "*"


@pytest.mark.parametrize("headers", [{}, {"WebHook-Allowed-Origin": "altrove.example"}, {"Allow": "POST"}])
async def test_a_receiver_that_does_not_consent_is_refused_whatever_its_status(
    post: Post, headers: Mapping[str, str]
) -> None:
    post.receiver.consent = headers

    answer = await checked(post)

    assert answer.verdict == "refused"
    assert "WebHook-Allowed-Origin" in (answer.problem or "")


async def test_a_rate_that_the_receiver_allows_is_told(post: Post) -> None:
    post.receiver.consent = {"WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "120"}

    answer = await checked(post)

    assert (answer.verdict, answer.problem) == ("ok", "The receiver allows 120 calls a minute.")


@pytest.mark.parametrize("href", ["http://registro.example.it/hook", "https://127.0.0.1:8443/hook", "@registro"])
async def test_an_address_that_may_not_be_called_is_refused(post: Post, href: str) -> None:
    assert (await checked(post, href)).verdict == "refused"

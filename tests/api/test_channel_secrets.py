# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The secret of a channel: shown once, never again, replaced without a gap, and in no row that can be read."""

import pytest

from app.settings import Settings
from app.signing import public_half
from app.vault import Vault, kept
from tests.api.calling import Caller, fresh


async def a_webhook(operator: Caller) -> str:
    slug = fresh("registro")
    audience = {"services": ["pacchetto-scuola"]}
    made = {"slug": slug, "kind": "webhook", "address": f"https://{slug}.example.it/", "language": "it"}
    assert (await operator.post("/v1/channels", {**made, "audience": audience})).status == 201
    return slug


async def held(operator: Caller, settings: Settings, slug: str) -> list[str]:
    number = await operator.pool.fetchval("select id from channel where slug = $1", slug)
    return await kept(operator.pool, Vault.of(settings), "channel", str(number))


async def test_a_secret_is_shown_once_and_the_old_one_serves_for_a_while(operator: Caller, settings: Settings) -> None:
    slug = await a_webhook(operator)

    first = await operator.post(f"/v1/channels/{slug}/secret", {})
    second = await operator.post(f"/v1/channels/{slug}/secret", {"overlap_hours": 1})

    assert (first.status, second.status) == (201, 201)
    assert await held(operator, settings, slug) == [second.body["secret"], first.body["secret"]]
    assert first.body["secret"] not in (await operator.get(f"/v1/channels/{slug}")).text
    assert first.body["secret"] not in (await operator.get("/v1/audit?act=secret.created")).text


async def test_of_an_ed25519_key_only_the_public_half_is_shown(operator: Caller, settings: Settings) -> None:
    slug = await a_webhook(operator)

    made = await operator.post(f"/v1/channels/{slug}/secret", {"signature": "ed25519"})

    (private,) = await held(operator, settings, slug)
    assert made.body["secret"] == public_half(private)
    assert made.body["secret"].startswith("whpk_")


async def test_a_channel_that_is_not_signed_gets_no_secret(operator: Caller) -> None:
    slug = await operator.a_channel(await operator.a_service())

    answer = await operator.post(f"/v1/channels/{slug}/secret", {})

    assert (answer.status, answer.problem) == (409, "state-conflict")


@pytest.mark.parametrize("wish", [{"overlap_hours": -1}, {"overlap_hours": 169}, {"signature": "md5"}, {"key": "x"}])
async def test_a_wish_that_breaks_a_rule_makes_no_secret(operator: Caller, settings: Settings, wish: object) -> None:
    slug = await a_webhook(operator)

    assert (await operator.post(f"/v1/channels/{slug}/secret", wish)).status == 422
    assert await held(operator, settings, slug) == []


async def test_only_an_operator_makes_one_and_only_for_a_channel_that_is_there(operator: Caller) -> None:
    source, slug = await operator.a_source(), await a_webhook(operator)

    assert (await source.post(f"/v1/channels/{slug}/secret", {})).status == 403
    assert (await operator.post("/v1/channels/nessuno/secret", {})).status == 404


async def test_a_retired_channel_leaves_no_secret(operator: Caller) -> None:
    slug = await a_webhook(operator)
    await operator.post(f"/v1/channels/{slug}/secret", {})
    number = str(await operator.pool.fetchval("select id from channel where slug = $1", slug))

    assert (await operator.call("DELETE", f"/v1/channels/{slug}")).status == 204
    assert await operator.pool.fetchval("select count(*) from secret where owner = $1", number) == 0

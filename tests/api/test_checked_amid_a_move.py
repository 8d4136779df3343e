# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A channel whose address becomes another one while its platform is asked about the one it had."""

import asyncio

from app.checks import Answer as Said
from tests.api.calling import Answer, Caller, a_channel, fresh
from tests.api.test_channels import a_worker_that_says
from tests.reliability.ground import until

ASKED = "select exists (select from channel_check where address = $1)"
MOVE = "update channel set address = $2, last_reference = null, can_ask = false where slug = $1"
"""What is written down of it where a post meets that its group has become a supergroup."""


async def checked_amid_a_move(operator: Caller, slug: str, heir: str, said: Said) -> Answer:
    path = f"/v1/channels/{slug}"
    address = (await operator.get(path)).body["address"]

    async def asked() -> bool:
        return bool(await operator.pool.fetchval(ASKED, address))

    async with a_worker_that_says(operator.pool, "another address", said):
        check = asyncio.create_task(operator.post(f"{path}/check", {"ask": True}))
        await until(asked)
        await operator.pool.execute(MOVE, slug, heir)
    async with a_worker_that_says(operator.pool, address, said):
        return await check


async def test_what_is_said_of_the_place_that_a_channel_has_left_is_not_kept(operator: Caller) -> None:
    group, heir = (a_channel(fresh("classe")) for _ in range(2))
    await operator.post("/v1/channels", group)
    old = Said("ok", title="Classe 3B", address=group["address"], can_ask=True, link="https://t.me/classe3b")

    answer = await checked_amid_a_move(operator, group["slug"], heir["address"], old)

    seen = (await operator.get(f"/v1/channels/{group['slug']}")).body
    assert (seen["address"], seen["title"], seen["check"]) == (heir["address"], None, answer.body)
    assert (answer.status, answer.body["verdict"], answer.body["can_ask"]) == (200, "unknown", False)
    assert "has moved" in answer.body["problem"]


async def test_what_is_said_of_a_name_is_kept_where_the_channel_is_known_by_its_number_meanwhile(
    operator: Caller,
) -> None:
    number = a_channel(fresh("canale"))["address"]
    channel = {**a_channel(fresh("canale")), "address": f"@{fresh('canale')}"}
    await operator.post("/v1/channels", channel)

    answer = await checked_amid_a_move(operator, channel["slug"], number, Said("ok", address=number, can_ask=True))

    assert (answer.status, answer.body["verdict"], answer.body["can_ask"]) == (200, "ok", True)

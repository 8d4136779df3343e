# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A place that cannot be read says nothing: neither that the post in doubt stands there nor that another does."""

from uuid import UUID

import pytest

from app.outbox import resume
from deploy.sandbox.faults import FaultKind
from tests.workers.conftest import CHAT, City, until

OPERATIONS = -1009999999999
FORWARD = {"telegram_operations_chat": str(OPERATIONS)}
PAUSED = "select paused_at is not null from channel"


async def doubted(city: City, title: str = "Mensa chiusa") -> UUID:
    """Have a post arrive of which nobody hears, in a channel that can be asked; give the channel."""
    channel = await city.channel(can_ask=True)
    await city.pool.execute("update channel set last_reference = '1'")
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage")
    await city.accepts(in_doubt="hold", texts={"it": {"title": title}})
    return channel


@pytest.mark.parametrize("city", [FORWARD], indirect=True)
async def test_a_post_that_may_not_be_forwarded_is_not_taken_for_somebody_elses(city: City) -> None:
    """The channel proved itself, and its owner protects what is posted since."""
    city.sandbox.add_chat(OPERATIONS, "channel", "Sala operativa")
    city.sandbox.add_chat(CHAT, "channel", "Scuola", rights={"can_edit_messages": True})
    city.sandbox.protect(CHAT)

    await doubted(city)
    await city.settled("held", "delivered")

    assert (await city.states(), len(city.posts())) == (["held"], 1)
    why = await city.pool.fetchval("select last_error from delivery")
    assert why == "Telegram could not be asked: Bad Request: message has protected content and can't be forwarded"


async def test_a_bot_that_may_not_change_its_own_posts_does_not_ask_by_editing(city: City) -> None:
    """Telegram says of our own post what it says of others' then; the doubt waits for the channel to be mended."""
    channel = await doubted(city)

    async def is_in_doubt() -> bool:
        return await city.states() == ["in_doubt"]

    await until(is_in_doubt)
    city.sandbox.set_rights(CHAT, {"can_post_messages": False})
    await until(lambda: is_paused(city))
    city.sandbox.set_rights(CHAT, {"can_post_messages": True})
    await resume(city.pool, channel)
    city.bell.ring()
    await city.settled()

    assert len(city.posts()) == 1


async def is_paused(city: City) -> bool:
    return bool(await city.pool.fetchval(PAUSED))

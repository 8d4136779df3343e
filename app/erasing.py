# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Forgets a family's own chat: its number is gone from every table, what was delivered there is still counted."""

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from app.tables import Channel

# The attempts are found by their deliveries.
ATTEMPTS = text("""
update attempt set error = null, reference = null from delivery
 where attempt.delivery_id = delivery.id and delivery.channel_id = :id
""")
DELIVERIES = text("update delivery set posts = '[]', intent = null, last_error = null where channel_id = :id")
CHECKS = text("delete from channel_check where address = :address")
ANSWERS = text("delete from idempotency_key where position(convert_to(:address, 'utf8') in body) > 0")
COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
"""Of scrypt: trying all numbers that a chat can have takes years."""


def is_private(channel: Channel) -> bool:
    """Tell a chat with one person, which has a positive number; channels and groups have negative ones or names."""
    return channel.address.isdigit()


async def erase(session: AsyncSession, channel: Channel) -> dict[str, str]:
    """Forget who a retired channel was; gives what the audit log keeps, by which a known number can be found again."""
    address, salt = channel.address, secrets.token_bytes(16)
    channel.address, channel.title = f"erased:{channel.id}", None
    channel.slug = f"erased~{datetime.now(UTC):%Y%m%d%H%M%S%f}"
    channel.check_result, channel.last_reference, channel.paused_reason = None, None, None
    session.add(channel)
    await session.flush()
    connection = await session.connection()
    for statement in (ATTEMPTS, DELIVERIES):
        await connection.execute(statement, {"id": channel.id})
    for statement in (CHECKS, ANSWERS):
        await connection.execute(statement, {"address": address})
    return {"address_hash": (await asyncio.to_thread(fingerprint, address, salt)).hex(), "salt": salt.hex()}


def fingerprint(address: str, salt: bytes) -> bytes:
    return hashlib.scrypt(address.encode(), salt=salt, **COST)

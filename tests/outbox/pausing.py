# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A channel paused or changed as an operator does it, in a session of its own."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import Actor
from app.channels import change_channel, channel_named, pause
from app.database import SERVER_SETTINGS, engine_to


async def paused(where: str | AsyncEngine, slug: str = "scuola") -> None:
    """Pause a channel by hand, as PATCH /v1/channels/{slug} does."""
    engine = sessions_at(where) if isinstance(where, str) else where
    async with AsyncSession(engine) as session, session.begin():
        await pause(session, await channel_named(session, slug, for_update=True), Actor("admin"))
    if engine is not where:
        await engine.dispose()


async def changed(url: str, slug: str, **members: Any) -> None:
    """Change a channel, as PATCH /v1/channels/{slug} does."""
    engine = sessions_at(url)
    async with AsyncSession(engine) as session, session.begin():
        channel = await channel_named(session, slug, for_update=True)
        await change_channel(session, channel, members, Actor("admin"))
    await engine.dispose()


def sessions_at(url: str) -> AsyncEngine:
    return engine_to(url, {"server_settings": SERVER_SETTINGS}, pool_size=1)

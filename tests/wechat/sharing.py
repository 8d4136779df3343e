# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Notices that share a push: handed in, chosen, corrected and withdrawn, and what followers see of them."""

from typing import Any
from uuid import UUID

from app.amend import Change, amend, withdraw
from app.pushes import choose_together, waiting
from app.routing import Routing
from tests.given import a_notice
from tests.wechat.town import Town

PERSON = {"choice": "person"}
FIRST = (-1, 0)


def texts(title: str) -> dict[str, Any]:
    """Give what a notice says in Chinese and Italian."""
    return {"zh-Hans": {"title": f"{title} 中文"}, "it": {"title": title}}


async def several(town: Town, *titles: str, **members: Any) -> list[UUID]:
    """Hand in notices with these titles, each its own event_id."""
    return [(await town.accepts(event_id=title, texts=texts(title), **members)).id for title in titles]


def titles(town: Town) -> list[list[str]]:
    """Give the Italian titles of each push that followers got."""
    return [[each.title for each in send.articles[1::2]] for send in town.sandbox.pushed]


async def references(town: Town) -> list[str]:
    """Say what the platform calls the first post of each delivery."""
    rows = await town.pool.fetch("select posts -> 0 ->> 'reference' as reference from delivery order by id")
    return [row["reference"] for row in rows]


async def in_person(town: Town, *deliveries: int) -> None:
    """Let a person choose these for one push."""
    async with town.pool.acquire() as connection, connection.transaction():
        await choose_together(connection, deliveries, "send", "operator")


async def asked(town: Town) -> list[int]:
    """Give the deliveries of which a person must say whether they are worth a push."""
    return [row["id"] for row in await waiting(town.pool, FIRST, 10)]


async def corrected(town: Town, notice: UUID, event_id: str, title: str, **members: Any) -> None:
    """Give a notice of this event_id another title."""
    change = Change(notice, "mensa", "test", None)
    await amend(town.pool, Routing(), change, a_notice(event_id=event_id, texts=texts(title), **members))


async def withdrawn(town: Town, notice: UUID) -> None:
    await withdraw(town.pool, Change(notice, "mensa", "test", None))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whatever an authority's message changes is changed in one transaction: wholly or not at all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from app.alerts.notices import Zones
from app.database import Connection, Pool
from app.domain.errors import CampanellaError, UnavailableError, UnknownServiceError
from app.domain.notice import Notice
from app.intake import CHANGING, EPOCHS, Accepted, Origin, stored_or_found, wish_for
from app.routing import Routing, Snapshot

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Hand:
    """Who hands a message over, and what is needed to act on it."""

    pool: Pool
    routing: Routing
    source: str
    by: str
    zones: Zones


class _MovedError(Exception):
    """The channels have changed in the meantime: all is undone and begun again."""


async def wholly(hand: Hand, act: Callable[[Connection, Snapshot], Awaitable[Done]]) -> Done:
    """Act in a transaction, by the channels as they are; again where they change under it."""
    for _ in range(EPOCHS):
        snapshot = await hand.routing.refresh(hand.pool)
        try:
            async with hand.pool.acquire() as connection, connection.transaction():
                return await act(connection, snapshot)
        except _MovedError:
            continue
    raise UnavailableError(CHANGING)


async def stored(hand: Hand, there: tuple[Connection, Snapshot], notice: Notice, event_source: str) -> Accepted:
    """Store a notice in such a transaction, or find what an earlier call stored.

    Equal texts are not looked for. Raises UnknownServiceError, EventExistsError, UnauthenticatedError.
    """
    connection, snapshot = there
    if notice.service not in snapshot.services:
        raise UnknownServiceError(pointer="#/service")
    wish = replace(wish_for(notice, Origin(hand.source, hand.by, event_source)), confirmed=True)
    answer = (await stored_or_found(connection, snapshot, {0: wish})).get(0)
    if answer is None:
        raise _MovedError
    if isinstance(answer, CampanellaError):
        raise answer
    return answer

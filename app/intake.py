# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The way in: a notice is stored together with everything it owes, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from app.database import Pool, distrust
from app.domain.errors import (
    CampanellaError,
    EqualTextError,
    EventExistsError,
    UnauthenticatedError,
    UnavailableError,
    UnknownServiceError,
)
from app.domain.notice import Notice
from app.routing import Routing, Snapshot
from app.storing import Origin, Store, Wish, attached, earlier, store

__all__ = ["Accepted", "Answer", "Origin", "Wish", "accept", "accept_all", "attached", "wish_for"]


COMMIT_UNKNOWN = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
EPOCHS = 5
"""How often the channels may change under one acceptance before the caller is told to come back."""
CHANGING = "the channels are being changed at this moment"
UNKNOWN = "whether the notice was stored is not known; send it again"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a POST: `replayed` says that an earlier call had stored it, `waits`: for a second person."""

    id: UUID
    created_at: datetime
    owed: int
    replayed: bool
    waits: bool = False


Answer = Accepted | CampanellaError


def wish_for(notice: Notice, origin: Origin) -> Wish:
    number: UUID = uuid7()
    return Wish.of(number, notice, origin)


async def accept(pool: Pool, routing: Routing, notice: Notice, origin: Origin) -> Accepted:
    """Store the notice and all it owes in one statement, or find what an earlier call stored.

    Equal texts are not looked for. Raises UnknownServiceError, EventExistsError when the event_id was used for other
    content, and UnauthenticatedError when the key that it came with stands no more.
    """
    (answer,) = await accept_all(pool, pool, routing, [replace(wish_for(notice, origin), confirmed=True)])
    if isinstance(answer, CampanellaError):
        raise answer
    return answer


async def accept_all(pool: Pool, where: Store, routing: Routing, wishes: Sequence[Wish]) -> list[Answer]:
    """Store notices with all they owe in one statement, and say of each what became of it, or why it was not stored.

    `where` is a connection in the middle of a transaction, or the pool, where the statement is a transaction by itself.
    """
    answers: dict[int, Answer] = {}
    snapshot = routing.snapshot
    for _ in range(EPOCHS):
        waiting = {place: wish for place, wish in enumerate(wishes) if place not in answers}
        served = {place: wish for place, wish in waiting.items() if wish.notice.service in snapshot.services}
        if served:
            answers |= await stored_or_found(where, snapshot, served)
        if len(answers) == len(wishes):
            return [answers[place] for place in range(len(wishes))]
        snapshot = await routing.refresh(pool)
        answers |= {place: UnknownServiceError(pointer="#/service") for place in homeless(waiting, snapshot)}
    raise UnavailableError(CHANGING)


def homeless(waiting: Mapping[int, Wish], snapshot: Snapshot) -> list[int]:
    return [place for place, wish in waiting.items() if wish.notice.service not in snapshot.services]


async def stored_or_found(where: Store, snapshot: Snapshot, wishes: Mapping[int, Wish]) -> dict[int, Answer]:
    """Store what is new and find what is not; nothing of what must wait for another epoch is among the answers."""
    if not wishes:
        return {}
    try:
        rows = await store(where, snapshot, list(wishes.values()))
    except COMMIT_UNKNOWN as error:
        # The connection broke, perhaps after the commit: what is stored tells, and if nothing is, the caller retries.
        if isinstance(where, asyncpg.Pool):
            await distrust(where, error)
        return await found(where, wishes)
    stored = {place: rows[wish.id] for place, wish in wishes.items()}
    sure = {place: _at_once(row) for place, row in stored.items() if row["created_at"] is not None or row["fallen"]}
    if any(row["epoch"] != snapshot.epoch for row in stored.values()) or len(sure) == len(wishes):
        return sure
    known = await found(where, {place: wish for place, wish in wishes.items() if place not in sure})
    return sure | {place: _or_alike(answer, stored[place]["twin"]) for place, answer in known.items()}


def _or_alike(answer: Answer, twin: UUID | None) -> Answer:
    """Say that a notice is like another, unless it is known by its own event_id."""
    if twin is None or not isinstance(answer, UnavailableError):
        return answer
    return EqualTextError(pointer="#/texts", notice=str(twin))


def _at_once(row: asyncpg.Record) -> Answer:
    """Say what needs no further look: it is stored, or its caller may store nothing any more."""
    if row["fallen"]:
        return UnauthenticatedError()
    return Accepted(row["id"], row["created_at"], row["owed"], replayed=False, waits=row["broadcast"])


async def found(where: Store, wishes: Mapping[int, Wish]) -> dict[int, Answer]:
    rows = await earlier(where, list(wishes.values()))
    return {place: _earlier(rows.get(number), wish) for number, (place, wish) in enumerate(wishes.items())}


def _earlier(row: asyncpg.Record | None, wish: Wish) -> Answer:
    if row is None:
        return UnavailableError(UNKNOWN)
    if not row["same"]:
        return EventExistsError(pointer="#/event_id", notice=str(row["id"]))
    return Accepted(row["id"], row["created_at"], row["owed"], replayed=row["id"] != wish.id)

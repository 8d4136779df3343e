# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whoever amends or withdraws a notice holds it, so that its revisions are one line; sending never waits for it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from app.audit import Actor, record
from app.database import Connection
from app.domain.errors import NotFoundError, PreconditionFailedError, UnauthenticatedError
from app.fallen import FALLEN

LOCK = f"""
select revision, withdrawn_at, event_id, priority, content, {FALLEN} as fallen
  from notice cross join (select $3::text) as caller (by)
 where id = $1 and source = $2 for no key update of notice
"""  # noqa: S608 - ours
# Always in the order of their ids, as the recorder does: two who change many rows never wait for each other.
HOLD = "select from delivery where notice_id = $1 order by id for no key update"
SEVERAL = """
select from notice where id = any($1::uuid[]) and source = $2 order by id for no key update
"""
HOLD_SEVERAL = "select from delivery where notice_id = any($1::uuid[]) order by id for no key update"


@dataclass(frozen=True, slots=True)
class Change:
    """Which notice of which source is changed, by which key, and the revision it was read at (None: any).

    `actor` is who does it in place of the source, or the person who acts there, where that is told; what a source does
    with its own is no administrative act otherwise.
    """

    number: UUID
    source: str
    by: str
    expected: int | None
    actor: Actor | None = None


async def locked(connection: Connection, change: Change) -> asyncpg.Record:
    """Hold a notice until the transaction ends. Raises NotFoundError, UnauthenticatedError."""
    row = await connection.fetchrow(LOCK, change.number, change.source, change.by)
    if row is None:
        raise NotFoundError
    if row["fallen"]:
        raise UnauthenticatedError
    return row


async def hold_several(connection: Connection, source: str, numbers: Collection[UUID]) -> None:
    """Hold notices of a source and all their deliveries, before any of them is changed in this transaction."""
    await connection.execute(SEVERAL, numbers, source)
    await connection.execute(HOLD_SEVERAL, numbers)


def agreed(revision: int, expected: int | None) -> None:
    """Raise PreconditionFailedError where the notice is not at the revision that is expected."""
    if expected is not None and expected != revision:
        raise PreconditionFailedError(f"the notice is at revision {revision} now", revision=revision)


async def noted(connection: Connection, change: Change, act: str, after: Mapping[str, object]) -> None:
    """Write down what somebody did in place of the source."""
    if change.actor is not None:
        await record(connection, change.actor, act, f"notice/{change.number}", after=after)

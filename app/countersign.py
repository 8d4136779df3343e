# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A second person lets an urgent broadcast go, or one alone breaks the glass and says why; both are written down."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from app.approve import go_on
from app.audit import Actor, record
from app.database import Connection
from app.domain.errors import ForbiddenError, NotFoundError, StateConflictError
from app.storing import Store

NOTICE = """
select n.revision, n.priority, n.broadcast, n.withdrawn_at, r.created_by
  from notice n join revision r on r.notice_id = n.id and r.number = n.revision
 where n.id = $1 for no key update of n
"""
SIGN = """
insert into countersign (notice_id, revision, name, signed_by, alone) values ($1, $2, $3, $4, $5)
on conflict (notice_id, revision) do nothing
"""
SIGNED = "select name, alone, signed_at from countersign where notice_id = $1 and revision = $2"
NO_SECOND = "Whoever wrote this revision is no second person. Ask another operator, or break the glass and say why."


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says: this revision may go. `why`: the reason of one who breaks the glass."""

    revision: int
    name: str
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """Who let a revision go, and whether that was one person alone."""

    name: str
    alone: bool
    signed_at: datetime


async def countersign(connection: Connection, number: UUID, word: Word, actor: Actor) -> bool:
    """Let a revision go, in a transaction of the connection; False when that had been done before.

    Raises NotFoundError, StateConflictError for another revision or where nothing waits, and ForbiddenError for the
    key that wrote the revision, unless it breaks the glass.
    """
    row = await connection.fetchrow(NOTICE, number)
    if row is None:
        raise NotFoundError("There is no such notice.")
    _refuse(row, word, actor)
    tag = await connection.execute(SIGN, number, word.revision, word.name, actor.who, word.why is not None)
    await go_on(connection, number, row["priority"])
    given = not tag.endswith(" 0")
    if given:
        act = "notice.countersigned" if word.why is None else "notice.glass-broken"
        after = {"revision": word.revision, "name": word.name}
        await record(connection, replace(actor, why=word.why or actor.why), act, f"notice/{number}", after=after)
    return given


def _refuse(row: asyncpg.Record, word: Word, actor: Actor) -> None:
    if row["withdrawn_at"] is not None:
        raise StateConflictError("the notice is withdrawn")
    if row["revision"] != word.revision:
        raise StateConflictError(f"the notice is at revision {row['revision']} now", revision=row["revision"])
    if not row["broadcast"]:
        raise StateConflictError("the notice waits for no second person")
    if row["created_by"] == actor.who and word.why is None:
        raise ForbiddenError(NO_SECOND)


async def signed(where: Store, number: UUID, revision: int) -> Signed | None:
    """Say who let a revision go."""
    row = await where.fetchrow(SIGNED, number, revision)
    return None if row is None else Signed(*row)

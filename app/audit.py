# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The audit log: who did what, written in the transaction of the act, in one chain that nobody can change unseen."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from app.database import Connection, Pool
from app.domain.chain import FLOOR, Anchor, Entry, faults, link
from app.domain.errors import UnauthenticatedError
from app.domain.key import is_key_id
from app.fallen import FALLEN

# Held until the act is committed: whoever acts at the same time goes on from this entry.
LOCK = "select pg_advisory_xact_lock(7264151033)::text"
KEPT = "(select number, hash from audit union all select number, hash from audit_checkpoint) as kept"
LAST = f"select number, hash, clock_timestamp(), false from {KEPT} order by number desc limit 1"  # noqa: S608 - ours
# A key is revoked by an act, too, so that what a key does stands in one line with its end. Workers see no key.
LAST_FOR_KEY = f"""
select number, hash, clock_timestamp(), {FALLEN} from {KEPT} cross join (select $1::text) as caller (by)
 order by number desc limit 1
"""  # noqa: S608 - ours
COLUMNS = "number, at, who, label, act, target, why, address, before, after"
WRITE = f"""
insert into audit ({COLUMNS}, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning number
"""  # noqa: S608 - ours
READ = f"select {COLUMNS}, hash from audit order by number"  # noqa: S608 - ours
CHECKPOINT = "select number, at, hash from audit_checkpoint"
NEWEST = "select number, at, hash from audit union all select number, at, hash from audit_checkpoint order by 1 desc"
PRUNE = "select audit_prune($1::interval)"
There = AsyncSession | Connection | asyncpg.Connection


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the id of a key, `admin` (the bootstrap key), or `cli:` and the name of a user of the machine."""

    who: str
    label: str = ""
    address: str | None = None
    why: str | None = None


async def record(
    there: There,
    actor: Actor,
    act: str,
    target: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down an act in the transaction that carries it out; as its last statement, since all acts queue here.

    `act` is named like a log event ("channel.paused"), `target` is what it was done to ("channel/scuola"). `before`
    and `after` hold the members that changed; secrets, contents of notices and chat ids have no place in them.
    Raises UnauthenticatedError for a key that stands no more, so that the act is undone.
    """
    await _rows(there, LOCK)
    asked = (LAST_FOR_KEY, actor.who) if is_key_id(actor.who) else (LAST,)
    ((number, previous, at, fallen),) = await _rows(there, *asked)
    if fallen:
        raise UnauthenticatedError
    told = (actor.why, actor.address, _json(before), _json(after))
    entry = Entry(number + 1, at, actor.who, actor.label, act, target, *told)
    values = (entry.number, at, entry.who, entry.label, act, target, *told)
    await _rows(there, WRITE, *values, link(previous, entry))


async def anchor(pool: Pool) -> Anchor:
    """Give the end of the chain, to be kept where this database's administrators cannot write."""
    row = await pool.fetchrow(f"{NEWEST} limit 1")
    assert row is not None  # noqa: S101 - the checkpoint is always there
    return Anchor(*row)


async def verify(pool: Pool, anchors: Sequence[Anchor] = ()) -> tuple[int, list[str]]:
    """Read the whole log; give how many entries it has, and a sentence for each fault."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await verified(connection, anchors)


async def verified(connection: Connection, anchors: Sequence[Anchor] = ()) -> tuple[int, list[str]]:
    """Do so on one connection."""
    start = await connection.fetchrow(CHECKPOINT)
    if start is None:
        return 0, ["The checkpoint of the log is gone."]
    rows = await connection.fetch(READ)
    early = _pruned_early(Anchor(*start), await connection.fetchval("select now()"))
    chain = ((Entry(*tuple(row)[:-1]), row["hash"]) for row in rows)
    return len(rows), [*early, *faults(Anchor(*start), chain, anchors)]


async def prune_audit(pool: Pool, kept: timedelta) -> int:
    """Forget entries that are older, and keep the hash of the last of them, on which the chain goes on."""
    count: int = await pool.fetchval(PRUNE, kept)
    return count


def _pruned_early(start: Anchor, now: datetime) -> list[str]:
    early = start.number > 0 and now - start.at < FLOOR
    return [f"Entry {start.number} was pruned before its time."] if early else []


async def _rows(there: There, statement: str, *values: object) -> Sequence[Any]:
    if isinstance(there, AsyncSession):
        await there.flush()
        return (await (await there.connection()).exec_driver_sql(statement, values)).all()
    return await there.fetch(statement, *values)


def _json(members: Mapping[str, Any] | None) -> str | None:
    return None if members is None else json.dumps(members, ensure_ascii=False, sort_keys=True, default=str)

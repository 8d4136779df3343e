# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A person approves a text of a notice: written down with who and when, and what waited for it may go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from app.audit import Actor, record
from app.database import Connection, Pool
from app.domain.approval import is_guarded, text_digest
from app.domain.backoff import GIVE_UP
from app.domain.errors import NotFoundError, StateConflictError
from app.domain.lane import LANES
from app.domain.notice import Priority, Text
from app.domain.stored import as_stored, texts_as_stored

NOTICE = """
select n.revision, n.priority, n.content, n.withdrawn_at, coalesce(v.approvals, '{}') as guarded
  from notice n left join service v on v.slug = n.service where n.id = $1 for no key update of n
"""
APPROVE = """
insert into approval (notice_id, language, digest, revision, name, approved_by) values ($1, $2, $3, $4, $5, $6)
on conflict (notice_id, language, digest) do nothing
"""
# In the order of their ids, as everybody does; and a claim that found no approval has written what it waits for.
HOLD = "select from delivery where notice_id = $1 order by id for no key update"
# An attempt on its way without the text finds, when it is recorded, that work is left.
# What a retired channel shows stays as it is: made due, it would end as if it had never been delivered.
GO_ON = """
update delivery
   set awaits = null, settled_at = null, failures = 0,
       state = case when lease_until is null then 'due' else state end,
       due_at = case when lease_until is null then greatest(ready_at, now()) else due_at end,
       give_up_at = greatest(give_up_at, greatest(ready_at, now()) + $2::interval),
       parked = (select paused_at is not null from channel where id = delivery.channel_id)
 where notice_id = $1 and awaits is not null and state in ('due', 'delivered')
   and not exists (select from channel where id = delivery.channel_id and retired_at is not null)
"""
# Of all notices at once: a correction may have given an early notice a late delivery.
HOLD_WAITING = """
select from delivery d join notice n on n.id = d.notice_id
 where d.awaits is not null and n.service = $1 order by d.id for no key update of d
"""
WAITING = """
select distinct n.id, n.priority from delivery d join notice n on n.id = d.notice_id
 where d.awaits is not null and n.service = $1 order by n.id
"""
# Each by itself, so that none is held while another is waited for. Whoever claims has it from before it reads.
PACES, PASSED = "select kind from pace order by kind", "select from pace where kind = $1 for no key update"
GIVEN = "select language, digest, name, approved_at from approval where notice_id = $1"
GUARDED = "select approvals from service where slug = $1"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person approves: a text of a notice as it was in a revision."""

    language: str
    revision: int
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a language that needs an approval stands."""

    language: str
    state: Literal["missing", "waiting", "approved"]
    name: str | None = None
    approved_at: datetime | None = None


async def approve(connection: Connection, number: UUID, consent: Consent, by: str, actor: Actor) -> bool:
    """Write an approval down, in a transaction of the connection; False when it was given before.

    Raises NotFoundError, and StateConflictError for another revision or where there is nothing to approve.
    """
    row = await connection.fetchrow(NOTICE, number)
    if row is None:
        raise NotFoundError("There is no such notice.")
    text = text_digest(_read(row, consent))
    told = (consent.language, text, consent.revision, consent.name, by)
    tag = await connection.execute(APPROVE, number, *told)
    await go_on(connection, number, row["priority"])
    given = not tag.endswith(" 0")
    if given:
        after = {"language": consent.language, "revision": consent.revision, "name": consent.name}
        await record(connection, actor, "notice.approved", f"notice/{number}", after=after)
    return given


async def release(connection: Connection, service: str) -> None:
    """Let every delivery of a service be looked at again, after the languages were changed that need an approval."""
    await connection.execute(HOLD_WAITING, service)
    for row in await connection.fetch(WAITING, service):
        await connection.execute(GO_ON, row["id"], GIVE_UP[LANES[Priority(row["priority"])]])


async def release_late(pool: Pool, service: str) -> None:
    """Release once more, after the change was committed.

    A claim that still saw the languages of before may have written what it waits for when `release` had looked already.
    """
    for row in await pool.fetch(PACES):
        await pool.execute(PASSED, row["kind"])
    async with pool.acquire() as connection, connection.transaction():
        await release(connection, service)


async def go_on(connection: Connection, number: UUID, priority: str) -> None:
    """Let the deliveries of a notice be looked at again that wait for a person's word."""
    await connection.execute(HOLD, number)
    await connection.execute(GO_ON, number, GIVE_UP[LANES[Priority(priority)]])


def _read(row: asyncpg.Record, consent: Consent) -> Text:
    """Give the text that the person has read, or say why there is nothing to approve."""
    if row["withdrawn_at"] is not None:
        raise StateConflictError("the notice is withdrawn")
    if row["revision"] != consent.revision:
        raise StateConflictError(f"the notice is at revision {row['revision']} now", revision=row["revision"])
    text = as_stored(row["content"]).texts.get(consent.language)
    if text is None:
        raise StateConflictError(f"the notice has no text in {consent.language}", pointer="#/language")
    if not is_guarded(consent.language, row["guarded"]):
        raise StateConflictError(f"texts in {consent.language} need no approval here", pointer="#/language")
    return text


async def standings(pool: Pool, number: UUID, service: str, texts: Mapping[str, Any]) -> list[Standing]:
    """Say how each language of the service that needs an approval stands; `texts` as they are stored."""
    guarded: Sequence[str] = await pool.fetchval(GUARDED, service) or ()
    if not guarded:
        return []
    given = {(row["language"], row["digest"]): row for row in await pool.fetch(GIVEN, number)}
    tags = [tag for tag in texts if is_guarded(tag, guarded)]
    missing = [tag for tag in guarded if not any(is_guarded(spoken, [tag]) for spoken in tags)]
    read = texts_as_stored({tag: texts[tag] for tag in tags})
    marks = [(tag, text_digest(read[tag])) for tag in tags]
    return [*(_standing(mark[0], given.get(mark)) for mark in marks), *(Standing(tag, "missing") for tag in missing)]


def _standing(tag: str, row: asyncpg.Record | None) -> Standing:
    return Standing(tag, "waiting") if row is None else Standing(tag, "approved", row["name"], row["approved_at"])

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Endpoints of sources as their owners change them; the workers call them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from app.audit import Actor, record
from app.database import Connection
from app.domain.callback import EventType
from app.domain.errors import CampanellaError, NotFoundError, StateConflictError
from app.domain.hosts import host_of
from app.domain.leading import is_among
from app.domain.public import Place
from app.tables import Call, Endpoint, Source
from app.vault import Vault, forget, rotate

PURPOSE = "callback"
MOST = 10
"""Endpoints of one source."""
COLUMNS = """
id, source, url, types, created_at, consented_at, asked_at, problem, rate, failing_since, disabled_at, disabled_reason
"""
OTHERS = "select url from endpoint where source = $1 and retired_at is null"
HOSTS = "select link_hosts from source where slug = $1 for update"
# An endpoint stays with its source, which is held first, as by all that hold both.
HOSTS_OF = """
select link_hosts from source
 where slug = (select source from endpoint where id = $1 and ($2::text is null or source = $2)) for update
"""
ADD = f"insert into endpoint (id, source, url, types) values ($1, $2, $3, $4) returning {COLUMNS}"  # noqa: S608 - ours
FIND = f"""
select {COLUMNS} from endpoint where id = $1 and ($2::text is null or source = $2) and retired_at is null for update
"""  # noqa: S608 - ours
CHANGE = f"""
update endpoint
   set types = coalesce($2::text[], types),
       disabled_at = case $3::boolean when true then null when false then coalesce(disabled_at, now())
                                      else disabled_at end,
       disabled_reason = case $3::boolean when true then null when false then coalesce(disabled_reason, $4)
                                          else disabled_reason end,
       failures = case when $3 then 0 else failures end, failed_at = case when $3 then null else failed_at end,
       failing_since = case when $3 then null else failing_since end,
       free_at = case when $3 then now() else free_at end
 where id = $1 returning {COLUMNS}
"""  # noqa: S608 - ours
HOLD_BACK = "update endpoint_call set state = 'missed', settled_at = now() where endpoint_id = $1 and state = 'due'"
RETIRE = "update endpoint set retired_at = now() where id = $1"
ASK = "update endpoint set ask_at = now(), asked_at = null, consented_at = null, problem = null where id = $1"
WAITING = "select count(*) from endpoint_call where endpoint_id = $1 and state = 'due'"
AGAIN = """
update endpoint_call set state = 'due', tries = 0, due_at = now(), settled_at = null, error = null
 where id in (select id from endpoint_call where endpoint_id = $1 and state = $2 and created_at >= $3 limit 10000)
"""
ONCE_MORE = """
update endpoint_call set state = 'due', tries = 0, due_at = now(), settled_at = null, error = null
 where endpoint_id = $1 and id = $2
"""
BY_HAND = "disabled by hand"
TWICE = "The source has a callback with this address already."
ELSEWHERE = "The address leads to none of the hosts that this source is bound to (link_hosts)."


class ForeignAddressError(CampanellaError):
    """The body is readable but breaks a rule. Each entry of errors names the place."""

    problem, status = "invalid-body", 422


@dataclass(frozen=True, slots=True)
class Whose:
    """Which endpoint, seen by whom: a source finds its own only (None: everybody's)."""

    id: UUID
    source: str | None


async def add_endpoint(
    connection: Connection, actor: Actor, source: str, url: str, types: list[EventType]
) -> asyncpg.Record:
    """Store an endpoint; it is asked for its consent before it is called.

    Raises ForeignAddressError for an address outside of the hosts that the source is bound to.
    """
    hosts = await connection.fetchval(HOSTS, source)
    if hosts is None:
        raise NotFoundError(f"There is no source {source}.")
    if leads_elsewhere(url, hosts):
        raise ForeignAddressError(ELSEWHERE, pointer="#/url")
    others = [Place.of(row["url"]) for row in await connection.fetch(OTHERS, source)]
    if Place.of(url) in others:
        raise StateConflictError(TWICE, pointer="#/url")
    if len(others) >= MOST:
        raise StateConflictError(f"The source {source} has {MOST} callbacks. Retire one of them first.")
    number: UUID = uuid7()
    row = await connection.fetchrow(ADD, number, source, url, types)
    await record(connection, actor, "callback.added", f"callback/{number}", after={"source": source, "types": types})
    assert row is not None  # noqa: S101 - it was just inserted
    return row


def leads_elsewhere(url: str, hosts: Collection[str]) -> bool:
    """Tell whether an address is outside of the hosts of a source, if it is bound to any."""
    return bool(hosts) and not is_among(host_of(url), hosts)


async def endpoint(connection: Connection, whose: Whose) -> asyncpg.Record:
    """Find an endpoint and hold it. Raises NotFoundError, also for somebody else's."""
    row = await connection.fetchrow(FIND, whose.id, whose.source)
    if row is None:
        raise NotFoundError("There is no such callback.")
    return row


async def change_endpoint(
    connection: Connection, actor: Actor, whose: Whose, types: list[EventType] | None, *, enabled: bool | None
) -> asyncpg.Record:
    """Change what an endpoint is told; stop calling it, or let it go on."""
    hosts = await connection.fetchval(HOSTS_OF, whose.id, whose.source) if enabled else None
    held = await endpoint(connection, whose)
    if enabled and leads_elsewhere(held["url"], hosts or ()):
        raise StateConflictError(ELSEWHERE)
    row = await connection.fetchrow(CHANGE, whose.id, types, enabled, BY_HAND)
    if enabled is False:
        await connection.execute(HOLD_BACK, whose.id)
    told = {"types": types, "enabled": enabled}
    await record(connection, actor, "callback.changed", f"callback/{whose.id}", after=told)
    assert row is not None  # noqa: S101 - it is held
    return row


async def stop_elsewhere(session: AsyncSession, source: Source) -> None:
    """Call a source no more where the hosts that it is bound to now do not allow it."""
    active = [
        col(Endpoint.source) == source.slug,
        col(Endpoint.retired_at).is_(None),
        col(Endpoint.disabled_at).is_(None),
    ]
    for row in await session.exec(select(Endpoint).where(*active).with_for_update()):
        if leads_elsewhere(row.url, source.link_hosts):
            row.sqlmodel_update({"disabled_at": func.now(), "disabled_reason": ELSEWHERE})
            owed = update(Call).where(col(Call.endpoint_id) == row.id, col(Call.state) == "due")
            await session.exec(owed.values(state="missed", settled_at=func.now()))


async def retire_endpoint(connection: Connection, actor: Actor, whose: Whose) -> None:
    """Never call an endpoint again; its secret is forgotten."""
    await endpoint(connection, whose)
    await connection.execute(RETIRE, whose.id)
    await connection.execute(HOLD_BACK, whose.id)
    await forget(connection, PURPOSE, str(whose.id))
    await record(connection, actor, "callback.retired", f"callback/{whose.id}")


async def new_secret(
    connection: Connection, vault: Vault, actor: Actor, whose: Whose, key: str, overlap: timedelta
) -> None:
    """Sign with another secret from now on, and with the old one too while the overlap lasts."""
    await endpoint(connection, whose)
    await rotate(connection, vault, PURPOSE, str(whose.id), key, overlap)
    await record(connection, actor, "secret.created", f"callback/{whose.id}")


async def ask_again(connection: Connection, actor: Actor, whose: Whose) -> int:
    """Let a worker ask for consent once more; gives how many calls wait for it."""
    await endpoint(connection, whose)
    await connection.execute(ASK, whose.id)
    waiting: int = await connection.fetchval(WAITING, whose.id)
    await record(connection, actor, "callback.checked", f"callback/{whose.id}")
    return waiting


async def replay(connection: Connection, actor: Actor, whose: Whose, state: str, since: datetime) -> int:
    """Make calls since a moment once more: the `failed` ones, or the `missed` ones, which were never tried."""
    await _callable(connection, whose)
    tag = await connection.execute(AGAIN, whose.id, state, since)
    count = int(tag.split()[-1])
    await record(connection, actor, "callback.replayed", f"callback/{whose.id}", after={"state": state, "calls": count})
    return count


async def replay_one(connection: Connection, actor: Actor, whose: Whose, call: str) -> None:
    """Make one call once more, under the same id."""
    await _callable(connection, whose)
    if await connection.execute(ONCE_MORE, whose.id, call) == "UPDATE 0":
        raise NotFoundError("There is no such call.")
    await record(connection, actor, "callback.replayed", f"callback/{whose.id}", after={"call": call})


async def _callable(connection: Connection, whose: Whose) -> None:
    if (await endpoint(connection, whose))["disabled_at"] is not None:
        raise StateConflictError("The callback is disabled. Enable it first.")

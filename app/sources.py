# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Sources and keys as an administrator changes them, over HTTP or on the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import Actor, record
from app.domain.errors import NotFoundError, StateConflictError, UnknownServiceError
from app.domain.key import Role, new_key
from app.tables import Key, Service, Source

LONGEST_LIFE = 400
"""Days after which a key expires at the latest."""
FIRST_STAYS = (
    "The first event source stays the first for as long as it is listed: plain notices of the source are its events."
)
AT_ONCE = 2
"""Active keys of one source: the one in use, and the one that replaces it."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key with its text, which is shown now and never again."""

    row: Key
    text: str


async def add_source(session: AsyncSession, source: Source, days: int, actor: Actor) -> Issued:
    """Store a source with its first key; StateConflictError when the slug is taken."""
    await known_services(session, source.services, "#/services")
    session.add(source)
    await flush(session, f"There is a source {source.slug} already.")
    await session.refresh(source)
    issued = await add_key(session, Role.SOURCE, actor, source=source.slug, days=days)
    said = {"name": source.name, "services": source.services, "event_sources": source.event_sources}
    after = {name: value for name, value in said.items() if value or name != "event_sources"}
    await record(session, actor, "source.added", f"source/{source.slug}", after=after)
    return issued


async def add_key(
    session: AsyncSession,
    role: Role,
    actor: Actor,
    *,
    source: str | None = None,
    label: str = "",
    days: int = LONGEST_LIFE,
) -> Issued:
    """Issue a key; a source has at most two that are valid."""
    if source is not None:
        await _room_for_another(session, source)
    key = new_key()
    row = Key(
        id=key.id,
        source=source,
        role=role.value,
        digest=key.digest,
        label=label,
        expires_at=datetime.now(UTC) + timedelta(days=days),
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    told = {"role": row.role, "source": source, "label": label, "expires_at": row.expires_at.isoformat()}
    await record(session, actor, "key.created", f"key/{row.id}", after=told)
    return Issued(row, key.text)


async def source_named(session: AsyncSession, slug: str, *, for_update: bool = False) -> Source:
    found = await session.get(Source, slug, with_for_update=for_update or None)
    if found is None:
        raise NotFoundError(f"There is no source {slug}.")
    return found


async def revoke(session: AsyncSession, number: str, source: str | None, actor: Actor) -> None:
    """Revoke a key of this source (None: of an operator or viewer); revoking twice is no error."""
    key = await session.get(Key, number, with_for_update=True)
    if key is None or key.source != source:
        raise NotFoundError("There is no such key.")
    if key.revoked_at is None:
        key.revoked_at = datetime.now(UTC)
        session.add(key)
        await record(session, actor, "key.revoked", f"key/{number}", before={"source": source, "label": key.label})


async def change_source(session: AsyncSession, source: Source, members: Mapping[str, Any], actor: Actor) -> None:
    """Give a source another name, other services or event sources."""
    await known_services(session, members.get("services", ()), "#/services")
    if source.event_sources[:1] != (changed := members.get("event_sources", []))[:1] and set(changed) & set(
        source.event_sources[:1]
    ):
        raise StateConflictError(FIRST_STAYS, pointer="#/event_sources")
    before = {name: getattr(source, name) for name in members}
    source.sqlmodel_update(dict(members))
    session.add(source)
    await record(session, actor, "source.changed", f"source/{source.slug}", before=before, after=members)


async def known_services(session: AsyncSession, slugs: Sequence[str], pointer: str) -> None:
    """Refuse a list that names a service nobody has made."""
    known = set(await session.exec(select(Service.slug).where(col(Service.slug).in_(slugs))))
    for place, slug in enumerate(slugs):
        if slug not in known:
            raise UnknownServiceError(pointer=f"{pointer}/{place}")


async def flush(session: AsyncSession, complaint: str) -> None:
    """Write what is new, or say that a unique name is taken."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise StateConflictError(complaint) from error


async def _room_for_another(session: AsyncSession, source: str) -> None:
    await source_named(session, source, for_update=True)
    valid = select(Key.id).where(
        Key.source == source, col(Key.revoked_at).is_(None), col(Key.expires_at) > datetime.now(UTC)
    )
    if len((await session.exec(valid)).all()) >= AT_ONCE:
        raise StateConflictError(f"The source {source} has {AT_ONCE} valid keys. Revoke one of them first.")

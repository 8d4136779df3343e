# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Sources and keys as an administrator changes them, over HTTP or on the command line."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import Actor, record
from app.domain.errors import NotFoundError, StateConflictError, UnknownServiceError
from app.domain.key import Role
from app.endpoints import stop_elsewhere
from app.keys import Issued, Wanted, add_key
from app.signers import signer
from app.tables import Service, Source

FIRST_STAYS = (
    "The first event source stays the first for as long as it is listed: plain notices of the source are its events."
)


async def add_source(session: AsyncSession, source: Source, days: int, actor: Actor, pepper: bytes | None) -> Issued:
    """Store a source with its first key; StateConflictError when the slug is taken."""
    await known_services(session, source.services, "#/services")
    session.add(source)
    await flush(session, f"There is a source {source.slug} already.")
    await session.refresh(source)
    issued = await add_key(session, Wanted(role=Role.SOURCE, source=source.slug, days=days), actor, pepper)
    said = source.model_dump(include={"name", "services", "event_sources", "link_hosts"})
    after = {name: value for name, value in said.items() if value or name in ("name", "services")}
    await record(session, actor, "source.added", f"source/{source.slug}", after=after)
    return issued


async def source_named(session: AsyncSession, slug: str, *, for_update: bool = False) -> Source:
    found = await session.get(Source, slug, with_for_update=for_update or None)
    if found is None:
        raise NotFoundError(f"There is no source {slug}.")
    return found


async def change_source(session: AsyncSession, source: Source, members: Mapping[str, Any], actor: Actor) -> None:
    """Give a source another name, other services or event sources."""
    await known_services(session, members.get("services", ()), "#/services")
    if source.event_sources[:1] != (changed := members.get("event_sources", []))[:1] and set(changed) & set(
        source.event_sources[:1]
    ):
        raise StateConflictError(FIRST_STAYS, pointer="#/event_sources")
    await _nobody_elses(session, source, members.get("vouchers", ()))
    before = {name: getattr(source, name) for name in members}
    source.sqlmodel_update(dict(members))
    session.add(source)
    if members.get("link_hosts"):
        await stop_elsewhere(session, source)
    told = {"before": _told(before), "after": _told(members)}
    await record(session, actor, "source.changed", f"source/{source.slug}", **told)


def _told(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say of a source what the audit log keeps: of certificates and keys their names, which can be compared."""
    if "signers" not in members:
        return members
    return {**members, "signers": [signer(text).name for text in members["signers"]]}


async def _nobody_elses(session: AsyncSession, source: Source, vouchers: Sequence[str]) -> None:
    theirs: Any = col(Source.vouchers)
    others = select(Source.slug).where(Source.slug != source.slug, theirs.overlap(list(vouchers)))
    if vouchers and (await session.exec(others)).first() is not None:
        raise StateConflictError("Another source has one of these purposes.", pointer="#/vouchers")


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

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Keys as an administrator issues and revokes them, over HTTP or on the command line."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import Actor, record
from app.domain.errors import InvalidNoticeError, NotFoundError, StateConflictError
from app.domain.key import SCOPES, Role, Scope, digest, key_id, new_key
from app.tables import Key, Source

LONGEST_LIFE = 400
"""Days after which a key expires at the latest."""
AT_ONCE = 2
"""Active keys of one source: the one in use, and the one that replaces it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A key as it is asked for; no scopes: all that the role has, no networks: from anywhere.

    `certificate`: the thumbprint of the one that must come with it.
    """

    role: Role
    source: str | None = None
    label: str = ""
    days: int = LONGEST_LIFE
    scopes: Sequence[Scope] = ()
    networks: Sequence[str] = ()
    certificate: str | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key with its text, which is shown now and never again."""

    row: Key
    text: str


async def add_key(session: AsyncSession, wanted: Wanted, actor: Actor, pepper: bytes | None) -> Issued:
    """Issue a key; a source has at most two that are valid."""
    expires_at = datetime.now(UTC) + timedelta(days=wanted.days)
    _refuse_impossible(wanted, expires_at)
    if wanted.source is not None:
        await _room_for_another(session, wanted.source)
    key = new_key(pepper)
    row = Key(
        id=key.id,
        source=wanted.source,
        role=wanted.role.value,
        digest=key.digest,
        peppered=pepper is not None,
        label=wanted.label,
        scopes=sorted(set(wanted.scopes)),
        networks=list(wanted.networks),
        certificate=wanted.certificate,
        created_by=actor.who,
        not_before=wanted.not_before,
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    await record(session, actor, "key.created", f"key/{row.id}", after=_told(row))
    return Issued(row, key.text)


async def revoke(session: AsyncSession, number: str, source: str | None, actor: Actor) -> None:
    """Revoke a key of this source (None: of an operator or viewer); revoking twice is no error."""
    key = await session.get(Key, number, with_for_update=True)
    if key is None or key.source != source:
        raise NotFoundError("There is no such key.")
    await _revoked(session, key, actor)


async def revoke_leaked(session: AsyncSession, text: str, actor: Actor, pepper: bytes | None) -> str | None:
    """Revoke the key that somebody shows as leaked; gives its id, or None when it is no key of ours."""
    number = key_id(text)
    key = None if number is None else await session.get(Key, number)
    if key is None or not hmac.compare_digest(key.digest, digest(text, pepper if key.peppered else None)):
        return None
    # Held only now: who guesses keeps nobody waiting.
    key = await session.get_one(Key, number, with_for_update=True, populate_existing=True)
    await _revoked(session, key, actor)
    return key.id


async def _revoked(session: AsyncSession, key: Key, actor: Actor) -> None:
    if key.revoked_at is None:
        # First the entry: who revokes the own key must stand until then.
        await record(session, actor, "key.revoked", f"key/{key.id}", before=_told(key))
        key.revoked_at = datetime.now(UTC)
        session.add(key)


def _refuse_impossible(wanted: Wanted, expires_at: datetime) -> None:
    for place, scope in enumerate(wanted.scopes):
        if scope not in SCOPES[wanted.role]:
            complaint = f"A key of the role {wanted.role} cannot have this scope."
            raise InvalidKeyError(complaint, pointer=f"#/scopes/{place}")
    if wanted.not_before is not None and wanted.not_before >= expires_at:
        raise InvalidKeyError("The key would expire before it is valid.", pointer="#/not_before")


class InvalidKeyError(InvalidNoticeError):
    """The body is readable but breaks a rule. Each entry of errors names the place."""

    problem = "invalid-body"


async def _room_for_another(session: AsyncSession, source: str) -> None:
    if await session.get(Source, source, with_for_update=True) is None:
        raise NotFoundError(f"There is no source {source}.")
    valid = select(Key.id).where(
        Key.source == source, col(Key.revoked_at).is_(None), col(Key.expires_at) > datetime.now(UTC)
    )
    if len((await session.exec(valid)).all()) >= AT_ONCE:
        raise StateConflictError(f"The source {source} has {AT_ONCE} valid keys. Revoke one of them first.")


def _told(row: Key) -> dict[str, Any]:
    """Say of a key what the audit log keeps."""
    told = {"role", "source", "label", "scopes", "networks", "certificate", "not_before", "expires_at"}
    return row.model_dump(mode="json", include=told)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who calls: a key is looked up by its id, compared in constant time, and remembered for less than a second."""

import asyncio
import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from asyncpg import Record
from pydantic import SecretStr

from app.audit import Actor
from app.certificates import Certificates
from app.database import Pool
from app.domain.key import SCOPES, Role, Scope, digest, key_id
from app.domain.rate import Excess
from app.key_use import KeyUse
from app.networks import Network, is_in
from app.telemetry import log

REMEMBERED = 0.8
"""Seconds for which an id is not looked up again, whether it is a key's or not: both cost the same.

A revoked key reads nothing anywhere after a second; it changes nothing from the moment on (app.fallen).
"""
MOST_REMEMBERED = 10_000
LOOK_UP = """
select key.role, key.label, key.digest, key.peppered, key.source, key.scopes, key.networks, key.certificate,
       key.not_before, key.expires_at, source.services, source.event_sources, source.link_hosts,
       source.signers, source.requests_per_minute, source.requests_per_day
  from key left join source on source.slug = key.source
 where key.id = $1 and key.revoked_at is null
"""
OPERATED = """
select exists (select from key where role = 'operator' and (scopes = '{}' or 'sources:admin' = any(scopes)))
"""
NOBODY, BOOTSTRAP = bytes(32), "admin"
NO_CALL: Mapping[str, Any] = {"headers": ()}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds a valid key, from where, and why they act; no services means every service.

    `event_sources` are the URIs its CloudEvents may come from; a plain notice is an event of the first.
    `signers`: what each call with a body is signed with, if anything. `person`: who acts there, as far as that is told.
    `per_minute`, `per_day`: a quota of its own. `excess`: the quota is used up, and only what is urgent may pass.
    """

    key: str
    role: Role
    source: str | None = None
    services: frozenset[str] = frozenset()
    event_sources: tuple[str, ...] = ()
    link_hosts: tuple[str, ...] = ()
    scopes: frozenset[Scope] = frozenset()
    label: str = ""
    address: str | None = None
    why: str | None = None
    per_minute: int | None = None
    per_day: int | None = None
    excess: Excess | None = None
    signers: tuple[str, ...] = ()
    person: str = ""

    @property
    def author(self) -> str:
        """Who this is in the revisions of a notice."""
        return f"{self.key} {self.person}" if self.person else self.key

    @property
    def actor(self) -> Actor:
        """Who this is in the audit log."""
        named = self.label or self.source or ""
        return Actor(self.key, f"{named} {self.person}".strip(), self.address, self.why)

    def may_speak_of(self, service: str) -> bool:
        return not self.services or service in self.services


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller | None
    digest: bytes
    peppered: bool
    networks: Sequence[Network]
    certificate: str | None
    not_before: datetime | None
    expires_at: datetime
    until: float

    def is_valid(self, address: str | None) -> bool:
        """Whether it may be used now, and from there."""
        now = datetime.now(UTC)
        if self.expires_at <= now or (self.not_before is not None and self.not_before > now):
            return False
        return not self.networks or is_in(self.networks, address)


class Access:
    """The keys of one process: who they are, and in `use` which of them were used."""

    def __init__(
        self,
        pool: Pool,
        admin_key: SecretStr | None,
        *,
        pepper: bytes | None = None,
        admin_stays: bool = False,
        certificates: Certificates | None = None,
    ) -> None:
        """Take the bootstrap key of the settings, too; it is no row, and ends with the first operator's key."""
        self._pool, self._pepper, self._certificates = pool, pepper, certificates or Certificates()
        self._admin = admin_key.get_secret_value().encode() if admin_key else None
        self._admin_stays, self._operated, self._operated_until = admin_stays, False, 0.0
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[_Known]] = {}
        self._greeted: set[str] = set()
        self.use = KeyUse(pool, pepper)

    async def caller(self, text: str, address: str | None = None, scope: Mapping[str, Any] = NO_CALL) -> Caller | None:
        """Say who holds this key, or None, whatever is wrong with it; `scope` tells the certificate of the call."""
        if self._admin is not None and hmac.compare_digest(self._admin, text.encode()):
            return await self._bootstrap()
        number = key_id(text)
        if number is None:
            return None
        known = self._known.get(number)
        if known is None or known.until < time.monotonic():
            known = await self._asked(number)
        same = hmac.compare_digest(known.digest, digest(text, self._pepper if known.peppered else None))
        if known.caller is None or not same or not known.is_valid(address):
            return None
        if known.certificate is not None and self._certificates.shown(scope) != known.certificate:
            return None
        self.use.note(known.caller.key, text, address, peppered=known.peppered)
        self._greet(known.caller)
        return known.caller

    async def _bootstrap(self) -> Caller | None:
        """Take the bootstrap key until an operator has a key, which is asked as often as a key is looked up."""
        if not self._admin_stays and not self._operated and self._operated_until < time.monotonic():
            asked = time.monotonic()
            self._operated = await self._pool.fetchval(OPERATED)
            self._operated_until = asked + REMEMBERED
        if self._operated:
            return None
        self._greeted.add(BOOTSTRAP)
        return Caller(BOOTSTRAP, Role.OPERATOR, scopes=SCOPES[Role.OPERATOR], label="bootstrap key")

    def _greet(self, caller: Caller) -> None:
        if caller.key not in self._greeted:
            self._greeted.add(caller.key)
            log.info("access.granted", caller=caller.key, role=caller.role.value, source=caller.source)

    def has_seen(self, text: str) -> bool:
        """Tell whether the key of this id has been good since this process started."""
        is_admin = self._admin is not None and hmac.compare_digest(self._admin, text.encode())
        return (BOOTSTRAP if is_admin else key_id(text)) in self._greeted

    def forget(self, number: str) -> None:
        """Look a key up again at its next use, after it was changed here."""
        self._known.pop(number, None)

    def forget_all(self) -> None:
        self._known.clear()

    async def _asked(self, number: str) -> _Known:
        """Look a key up; whoever needs the same one meanwhile waits for the same answer."""
        task = self._asking.get(number)
        if task is None:
            task = self._asking[number] = asyncio.create_task(self._look_up(number))
            task.add_done_callback(lambda _: self._asking.pop(number, None))
        return await asyncio.shield(task)

    async def _look_up(self, number: str) -> _Known:
        asked = time.monotonic()
        row = await self._pool.fetchrow(LOOK_UP, number)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        known = self._known[number] = _known(number, row, asked + REMEMBERED)
        return known


def _known(number: str, row: Record | None, until: float) -> _Known:
    if row is None:
        return _Known(None, NOBODY, True, (), None, None, datetime.max.replace(tzinfo=UTC), until)  # noqa: FBT003
    role = Role(row["role"])
    scopes = SCOPES[role] & frozenset(map(Scope, row["scopes"])) if row["scopes"] else SCOPES[role]
    uris, hosts = tuple(row["event_sources"] or ()), tuple(row["link_hosts"] or ())
    whose = (row["source"], frozenset(row["services"] or ()), uris, hosts)
    own = {"per_minute": row["requests_per_minute"], "per_day": row["requests_per_day"]}
    caller = Caller(number, role, *whose, scopes, row["label"], signers=tuple(row["signers"] or ()), **own)
    networks = [ip_network(each) for each in row["networks"]]
    bounds = (networks, row["certificate"], row["not_before"], row["expires_at"])
    return _Known(caller, row["digest"], row["peppered"], *bounds, until)

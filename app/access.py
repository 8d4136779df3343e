# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who calls: a key is looked up by its id, compared in constant time, and remembered for less than a second."""

import asyncio
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from app.audit import Actor
from app.database import Pool
from app.domain.key import Role, digest, key_id
from app.telemetry import log

REMEMBERED = 0.8
"""Seconds for which a key is not looked up again: a revoked one is refused everywhere within a second."""
LOOK_UP = """
select key.role, key.label, key.digest, key.source, key.expires_at, source.services, source.event_sources
  from key left join source on source.slug = key.source
 where key.id = $1 and key.revoked_at is null
"""
USED = """
update key set last_used_at = now()
 where id = any($1::text[]) and (last_used_at is null or last_used_at < now() - interval '1 minute')
"""
NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds a valid key, from where, and why they act; no services means every service.

    `event_sources` are the URIs its CloudEvents may come from; a plain notice is an event of the first.
    """

    key: str
    role: Role
    source: str | None = None
    services: frozenset[str] = frozenset()
    event_sources: tuple[str, ...] = ()
    label: str = ""
    address: str | None = None
    why: str | None = None

    @property
    def actor(self) -> Actor:
        """Who this is in the audit log."""
        return Actor(self.key, self.label or self.source or "", self.address, self.why)

    def may_speak_of(self, service: str) -> bool:
        return not self.services or service in self.services


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    digest: bytes
    expires_at: datetime
    until: float


class Access:
    """The keys of one process: who they are, and which of them were used since it was last written down."""

    def __init__(self, pool: Pool, admin_key: SecretStr | None) -> None:
        """Take the bootstrap key of the settings, too; it is no row and never expires."""
        self._pool = pool
        self._admin = admin_key.get_secret_value().encode() if admin_key else None
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[_Known | None]] = {}
        self._used: set[str] = set()
        self._greeted: set[str] = set()

    async def caller(self, text: str) -> Caller | None:
        """Say who holds this key, or None, whatever is wrong with it."""
        if self._admin is not None and hmac.compare_digest(self._admin, text.encode()):
            return Caller("admin", Role.OPERATOR, label="bootstrap key")
        number = key_id(text)
        if number is None:
            return None
        known = self._known.get(number)
        if known is None or known.until < time.monotonic():
            known = await self._asked(number)
        same = hmac.compare_digest(known.digest if known else NOBODY, digest(text))
        if known is None or not same or known.expires_at <= datetime.now(UTC):
            return None
        self._note(known.caller)
        return known.caller

    def _note(self, caller: Caller) -> None:
        self._used.add(caller.key)
        if caller.key not in self._greeted:
            self._greeted.add(caller.key)
            log.info("access.granted", caller=caller.key, role=caller.role.value, source=caller.source)

    def forget(self, number: str) -> None:
        """Look a key up again at its next use, after it was changed here."""
        self._known.pop(number, None)

    def forget_all(self) -> None:
        self._known.clear()

    async def write_down_use(self) -> None:
        """Record which keys were used; called about once a minute, away from every request."""
        used, self._used = self._used, set()
        if used:
            await self._pool.execute(USED, sorted(used))

    async def _asked(self, number: str) -> _Known | None:
        """Look a key up; whoever needs the same one meanwhile waits for the same answer."""
        task = self._asking.get(number)
        if task is None:
            task = self._asking[number] = asyncio.create_task(self._look_up(number))
            task.add_done_callback(lambda _: self._asking.pop(number, None))
        return await asyncio.shield(task)

    async def _look_up(self, number: str) -> _Known | None:
        asked = time.monotonic()
        row = await self._pool.fetchrow(LOOK_UP, number)
        if row is None:
            self._known.pop(number, None)
            return None
        services: Sequence[str] = row["services"] or ()
        whose = (row["source"], frozenset(services), tuple(row["event_sources"] or ()), row["label"])
        caller = Caller(number, Role(row["role"]), *whose)
        known = _Known(caller, row["digest"], row["expires_at"], asked + REMEMBERED)
        self._known[number] = known
        return known

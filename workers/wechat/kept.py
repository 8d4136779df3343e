# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What all workers share between calls: looked up, or fetched by exactly one of them while the others wait."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from app.database import Pool
from app.vault import LockedError, Vault

KIND = "wechat"
SEALED = "sealed "
"""How an encrypted value begins; then the id of its key, and the content."""
FETCHING = timedelta(seconds=30)
LOOK = 0.05
LOOK_UP = """
select value from kept
 where kind = $1 and name = $2 and value is not null and (until is null or until > now() + $3::interval)
"""
TAKE = """
insert into kept (kind, name, taken_until) values ($1, $2, now() + $3::interval)
on conflict (kind, name) do update set taken_until = excluded.taken_until
 where kept.taken_until is null or kept.taken_until < now()
returning name
"""
PUT = """
insert into kept (kind, name, value, until) values ($1, $2, $3, now() + $4::interval)
on conflict (kind, name) do update set value = excluded.value, until = excluded.until, taken_until = null
"""
LET_GO = "update kept set taken_until = null where kind = $1 and name = $2"
Fetched = tuple[str, timedelta | None]
"""A value and how long it lives; None: for ever."""


class Kept:
    """The values of one kind in Postgres; no lock is held while a platform is asked.

    Where the vault has a key, they are encrypted, and one that cannot be read is as good as none.
    """

    def __init__(self, pool: Pool, vault: Vault) -> None:
        """Take the pool, and the vault, which may be without a key."""
        self._pool, self._vault = pool, vault

    async def value(self, name: str, margin: timedelta = timedelta(0)) -> str | None:
        """Give a value that lives at least `margin` longer."""
        found: str | None = await self._pool.fetchval(LOOK_UP, KIND, name, margin)
        return None if found is None else self._opened(name, found)

    async def put(self, name: str, value: str, life: timedelta | None) -> None:
        await self._pool.execute(PUT, KIND, name, self._sealed(name, value), life)

    def _sealed(self, name: str, value: str) -> str:
        if not self._vault.is_open:
            return value
        content = self._vault.seal(f"kept/{KIND}/{name}", value)
        return f"{SEALED}{self._vault.first} {base64.b64encode(content).decode()}"

    def _opened(self, name: str, found: str) -> str | None:
        if not found.startswith(SEALED):
            return None if self._vault.is_open else found
        key, _, content = found.removeprefix(SEALED).partition(" ")
        try:
            return self._vault.open(f"kept/{KIND}/{name}", key, base64.b64decode(content))
        except LockedError:
            return None

    async def shared(
        self,
        name: str,
        fetch: Callable[[], Awaitable[Fetched | None]],
        *,
        margin: timedelta = timedelta(0),
        stale: str | None = None,
    ) -> str | None:
        """Give the value, but not a `stale` one; one worker fetches it, None when that fails or takes too long."""

        async def good() -> str | None:
            value = await self.value(name, margin)
            return None if value == stale else value

        deadline = time.monotonic() + FETCHING.total_seconds()
        while time.monotonic() < deadline:
            if (value := await good()) is not None:
                return value
            if await self._pool.fetchval(TAKE, KIND, name, FETCHING):
                return await self._fetched(name, good, fetch)
            await asyncio.sleep(LOOK)
        return None

    async def _fetched(
        self, name: str, good: Callable[[], Awaitable[str | None]], fetch: Callable[[], Awaitable[Fetched | None]]
    ) -> str | None:
        """Fetch it, unless another worker has done so between our look and our turn."""
        try:
            if (value := await good()) is not None:
                return value
            found = await fetch()
            if found is not None:
                await self.put(name, *found)
            return None if found is None else found[0]
        finally:
            await self._pool.execute(LET_GO, KIND, name)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Keeps the answer of a request under its Idempotency-Key, in the transaction of what the request creates."""

import hashlib
import json
import secrets
from dataclasses import dataclass

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.responses import Response

from app.database import Connection, Driver, Pool
from app.domain.errors import IdempotencyKeyReusedError, RequestInProgressError, StateConflictError

NONCE = 12
FIND = """
select fingerprint, status, headers, body from idempotency_key
 where scope = $1 and key = $2 and status is not null and created_at > now() - interval '7 days'
"""
# What is older than seven days but not pruned yet is as good as gone.
RESERVE = """
insert into idempotency_key as known (scope, key, fingerprint) values ($1, $2, $3)
on conflict (scope, key) do update
   set fingerprint = excluded.fingerprint, created_at = now(), status = null, headers = null, body = null
 where known.created_at <= now() - interval '7 days'
returning true
"""
KEEP = "update idempotency_key set status = $3, headers = $4::json, body = $5 where scope = $1 and key = $2"
SEALED_FOR_ANOTHER = "This answer was given to another key, and it shows a secret; it is not repeated."
Inside = Connection | Driver


class KeptMeanwhileError(Exception):
    """A twin of this request was answered while we waited."""


class Repeated(Response):
    """An answer that was given before, as it was kept: nothing is done for it, and nothing of it is changed."""


@dataclass(slots=True)
class Keeper:
    """One key of one caller, and what was asked under it.

    `secret`: the answer is sealed with it. `kept`: it is written down.
    """

    scope: str
    key: str
    fingerprint: bytes
    secret: bytes | None = None
    kept: bool = False

    async def earlier(self, pool: Pool) -> Response | None:
        """Give the first answer again; IdempotencyKeyReusedError where something else was asked."""
        row = await pool.fetchrow(FIND, self.scope, self.key)
        if row is None:
            return None
        if row["fingerprint"] != self.fingerprint:
            raise IdempotencyKeyReusedError
        # As the kept names are spelled, so that an answer that was a replay already says it once.
        headers = {**json.loads(row["headers"]), "idempotent-replayed": "true"}
        return Repeated(self._opened(row["body"]), row["status"], headers)

    async def reserve(self, connection: Inside) -> None:
        """Take the key inside a transaction; a twin waits here until this one ends, or two seconds."""
        try:
            taken = await connection.fetchval(RESERVE, self.scope, self.key, self.fingerprint)
        except asyncpg.LockNotAvailableError:
            raise RequestInProgressError(wait=1) from None
        if taken is None:
            raise KeptMeanwhileError

    async def keep(self, connection: Inside, response: Response) -> None:
        """Write the answer down beside what it tells of."""
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        body = self._closed(bytes(response.body))
        await connection.execute(KEEP, self.scope, self.key, response.status_code, json.dumps(headers), body)
        self.kept = True

    async def keep_alone(self, pool: Pool, response: Response) -> None:
        """Write an answer down that tells of nothing new, unless a twin was quicker."""
        async with pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(RESERVE, self.scope, self.key, self.fingerprint):
                await self.keep(connection, response)

    def _closed(self, body: bytes) -> bytes:
        if self.secret is None:
            return body
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._lock().encrypt(nonce, body, self._about())

    def _opened(self, body: bytes) -> bytes:
        if self.secret is None:
            return body
        try:
            return self._lock().decrypt(body[:NONCE], body[NONCE:], self._about())
        except InvalidTag:
            raise StateConflictError(SEALED_FOR_ANOTHER) from None

    def _lock(self) -> AESGCM:
        return AESGCM(hashlib.sha256(b"campanella idempotency " + (self.secret or b"")).digest())

    def _about(self) -> bytes:
        return f"{self.scope}\n{self.key}".encode()

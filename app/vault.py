# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Secrets that we must be able to say again, kept encrypted: without the installation's keys a dump tells nothing."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from uuid_utils.compat import uuid7

from app.audit import Actor, record
from app.database import Connection, Pool
from app.domain.errors import NotSetUpError
from app.settings import Settings

KEY_LENGTH, NONCE_LENGTH = 32, 12
MISSING = (
    "CAMPANELLA_SECRET_KEYS is not set, so no secret can be kept. Make a key with `campanella secrets new-key` "
    "and give it to every process."
)
KEEP = """
insert into secret (id, purpose, owner, key_id, content, created_at) values ($1, $2, $3, $4, $5, clock_timestamp())
"""
KEPT = """
select id, purpose, owner, key_id, content from secret
 where purpose = $1 and owner = $2 and (ends_at is null or ends_at > now()) order by created_at desc, id desc
"""
ENDING = "update secret set ends_at = now() + $3::interval where purpose = $1 and owner = $2 and ends_at is null"
SURPLUS = """
delete from secret where purpose = $1 and owner = $2 and (ends_at <= now() or id not in (
  select id from secret where purpose = $1 and owner = $2 order by created_at desc, id desc limit 1))
"""
FORGET = "delete from secret where purpose = $1 and owner = $2"
OTHERS = "select id, purpose, owner, content, key_id from secret where key_id <> $1 order by id limit 500 for update"
REWRITE = "update secret set key_id = $2, content = $3 where id = $1"


class LockedError(NotSetUpError):
    """A secret cannot be kept or read with the keys of this installation (CAMPANELLA_SECRET_KEYS)."""


@dataclass(frozen=True, slots=True)
class Vault:
    """The installation's keys by id; the first encrypts, all read. One with no key keeps and reads nothing."""

    keys: Mapping[str, AESGCM]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take the keys of CAMPANELLA_SECRET_KEYS."""
        given = settings.secret_keys.get_secret_value() if settings.secret_keys else ""
        return cls(dict(map(_key, given.replace(",", " ").split())))

    @property
    def is_open(self) -> bool:
        return bool(self.keys)

    @property
    def first(self) -> str:
        """The id of the key that encrypts. Raises LockedError when there is none."""
        if not self.keys:
            raise LockedError(MISSING)
        return next(iter(self.keys))

    def seal(self, place: str, text: str) -> bytes:
        """Encrypt with the first key, bound to the place it is kept in. Raises LockedError."""
        nonce = secrets.token_bytes(NONCE_LENGTH)
        return nonce + self.keys[self.first].encrypt(nonce, text.encode(), place.encode())

    def open(self, place: str, key_id: str, content: bytes) -> str:
        """Decrypt what was sealed for this very place. Raises LockedError: another key, another place, or tampering."""
        key = self.keys.get(key_id)
        if key is None:
            raise LockedError(f"CAMPANELLA_SECRET_KEYS lacks the key {key_id}, with which a secret was encrypted.")
        try:
            return key.decrypt(content[:NONCE_LENGTH], content[NONCE_LENGTH:], place.encode()).decode()
        except InvalidTag:
            raise LockedError("A secret was changed or moved in the database and is refused.") from None


def new_key() -> str:
    """Make a key for CAMPANELLA_SECRET_KEYS."""
    return base64.b64encode(secrets.token_bytes(KEY_LENGTH)).decode()


async def keep(connection: Connection, vault: Vault, purpose: str, owner: str, text: str) -> None:
    """Keep another secret of an owner (a channel, an endpoint); those it had stay. Raises LockedError."""
    number: UUID = uuid7()
    content = vault.seal(_place(number, purpose, owner), text)
    await connection.execute(KEEP, number, purpose, owner, vault.first, content)


async def rotate(connection: Connection, vault: Vault, purpose: str, owner: str, text: str, overlap: timedelta) -> None:
    """Keep a new secret; the one before it serves for `overlap` longer, any older one is forgotten."""
    await connection.execute(SURPLUS, purpose, owner)
    await connection.execute(ENDING, purpose, owner, overlap)
    await keep(connection, vault, purpose, owner, text)


async def kept(pool: Pool | Connection, vault: Vault, purpose: str, owner: str) -> list[str]:
    """Give the secrets of an owner that serve now, the newest first. Raises LockedError."""
    rows = await pool.fetch(KEPT, purpose, owner)
    return [vault.open(_place(row["id"], purpose, owner), row["key_id"], row["content"]) for row in rows]


async def forget(connection: Connection, purpose: str, owner: str) -> None:
    await connection.execute(FORGET, purpose, owner)


async def encrypt_anew(pool: Pool, vault: Vault, actor: Actor) -> int:
    """Encrypt with the first key whatever another one encrypted; returns how many secrets that were."""
    done = 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(OTHERS, vault.first)
            for row in rows:
                place = _place(row["id"], row["purpose"], row["owner"])
                text = vault.open(place, row["key_id"], row["content"])
                await connection.execute(REWRITE, row["id"], vault.first, vault.seal(place, text))
            if rows:
                told = {"secrets": len(rows)}
                await record(connection, actor, "secret.rotated", f"secret-key/{vault.first}", after=told)
        if not rows:
            return done
        done += len(rows)


def _place(number: UUID, purpose: str, owner: str) -> str:
    """Name the row: a content that is copied to another one cannot be read there."""
    return f"secret/{number}/{purpose}/{owner}"


def _key(text: str) -> tuple[str, AESGCM]:
    content = base64.b64decode(text, validate=True)
    return hashlib.sha256(content).hexdigest()[:8], AESGCM(content)

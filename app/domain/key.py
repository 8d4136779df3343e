# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The form of an access key: camp_live_<id>_<secret><checksum>, so that leaks are found and typos cost no look-up."""

import hashlib
import hmac
import secrets
import zlib
from dataclasses import dataclass
from enum import StrEnum

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX = "camp_live_"
ID_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 12, 32, 6


class Role(StrEnum):
    SOURCE = "source"  # hands in notices for one municipal system
    OPERATOR = "operator"  # administers everything
    VIEWER = "viewer"  # sees everything, changes nothing


class Scope(StrEnum):
    """What a key may do. A role is a set of them; a key may have fewer than its role, and never more."""

    NOTICES_WRITE = "notices:write"  # hand in, amend and withdraw notices
    NOTICES_READ = "notices:read"  # see notices, deliveries, channels and what waits for a person
    CHANNELS_ADMIN = "channels:admin"  # make, change, pause and retire channels
    SOURCES_ADMIN = "sources:admin"  # services, sources and all keys
    REDRIVE = "dead-letters:redrive"  # decide what waits for a person
    AUDIT_READ = "audit:read"  # see who did what, and who may


SCOPES = {
    Role.SOURCE: frozenset({Scope.NOTICES_WRITE, Scope.NOTICES_READ}),
    Role.OPERATOR: frozenset(Scope),
    Role.VIEWER: frozenset({Scope.NOTICES_READ, Scope.AUDIT_READ}),
}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is shown, once; only `id` and `digest` are kept."""

    id: str
    text: str
    digest: bytes


def new_key(pepper: bytes | None = None) -> NewKey:
    """Make a key of about 190 random bits."""
    number, secret = _random(ID_LENGTH), _random(SECRET_LENGTH)
    body = f"{PREFIX}{number}_{secret}"
    text = body + checksum(body)
    return NewKey(number, text, digest(text, pepper))


def key_id(text: str) -> str | None:
    """Give the id of a well-formed key, or None when the form or the checksum is wrong."""
    body, tail = text[:-CHECKSUM_LENGTH], text[-CHECKSUM_LENGTH:]
    number, _, secret = body.removeprefix(PREFIX).partition("_")
    if not (body.startswith(PREFIX) and len(number) == ID_LENGTH and len(secret) == SECRET_LENGTH):
        return None
    return number if text.isascii() and text.replace("_", "").isalnum() and checksum(body) == tail else None


def is_key_id(who: str) -> bool:
    """Tell a key from whoever else acts, such as `admin`, `cli:` and a name, or `voucher:` and a purpose."""
    return len(who) == ID_LENGTH and who.isascii() and who.isalnum()


def digest(text: str, pepper: bytes | None = None) -> bytes:
    """Hash a key for keeping, with the pepper if there is one; at a key's entropy no slow function is needed."""
    if pepper is None:
        return hashlib.sha256(text.encode()).digest()
    return hmac.digest(pepper, text.encode(), "sha256")


def checksum(body: str) -> str:
    """Give the CRC-32 in base 62, six characters."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, rest = divmod(number, 62)
        digits = ALPHABET[rest] + digits
    return digits


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Standard Webhooks 1.0.0: signs what is sent, and verifies as a receiver would; HMAC-SHA256 (v1) and ed25519 (v1a)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SHARED, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
LENGTH = 32
SHORTEST, LONGEST = 24, 64
ED25519_LENGTH = 32
TOLERANCE = timedelta(minutes=5)


class SecretError(ValueError):
    """A secret has none of the forms whsec_, whsk_ or whpk_ followed by base64; the text never shows it."""


def new_shared_secret() -> str:
    """Make a secret that both sides keep, 32 random bytes."""
    return SHARED + _b64(secrets.token_bytes(LENGTH))


def new_private_key() -> str:
    """Make a key of ours whose public half the receiver verifies with."""
    return PRIVATE + _b64(secrets.token_bytes(ED25519_LENGTH))


def public_half(private: str) -> str:
    """Give what the receiver of an ed25519 signature needs; it is no secret."""
    key = Ed25519PrivateKey.from_private_bytes(_bytes(private, PRIVATE))
    return PUBLIC + _b64(key.public_key().public_bytes_raw())


def headers(keys: Sequence[str], number: str, now: datetime, body: bytes) -> dict[str, str]:
    """Give the three headers of one try; during a rotation there are two keys and both sign. Raises SecretError."""
    moment = str(int(now.timestamp()))
    signed = _signed(number, moment, body)
    return {
        "webhook-id": number,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(_signature(key, signed) for key in keys),
    }


def verify(keys: Sequence[str], given: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Tell whether one of our keys (whsec_, whpk_) signed this body, not more than five minutes from now.

    `given` are the headers by their names in lower case; `webhook-id` is the once-key that a receiver remembers.
    """
    number, moment = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not number or not moment.isascii() or not moment.isdigit():
        return False
    if abs(now.timestamp() - int(moment)) > TOLERANCE.total_seconds():
        return False
    signed = _signed(number, moment, body)
    marks = [mark.partition(",")[::2] for mark in given.get("webhook-signature", "").split(" ")]
    return any(_matches(key, signed, marks) for key in keys)


def _signed(number: str, moment: str, body: bytes) -> bytes:
    return b".".join((number.encode(), moment.encode(), body))


def _signature(key: str, signed: bytes) -> str:
    if key.startswith(PRIVATE):
        return "v1a," + _b64(Ed25519PrivateKey.from_private_bytes(_bytes(key, PRIVATE)).sign(signed))
    return "v1," + _b64(hmac.new(_bytes(key, SHARED), signed, hashlib.sha256).digest())


def _matches(key: str, signed: bytes, marks: Iterable[Sequence[str]]) -> bool:
    """Compare with every signature of the key's own sort, in constant time."""
    if key.startswith(PUBLIC):
        public = Ed25519PublicKey.from_public_bytes(_bytes(key, PUBLIC))
        return any(_vouches(public, mark, signed) for version, mark in marks if version == "v1a")
    expected = _signature(key, signed).partition(",")[2].encode()
    return any(hmac.compare_digest(expected, mark.encode()) for version, mark in marks if version == "v1")


def _vouches(public: Ed25519PublicKey, mark: str, signed: bytes) -> bool:
    try:
        public.verify(base64.b64decode(mark, validate=True), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(key: str, prefix: str) -> bytes:
    try:
        content = base64.b64decode(key.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        raise SecretError("the secret is not base64") from None
    lengths = range(SHORTEST, LONGEST + 1) if prefix == SHARED else (ED25519_LENGTH,)
    if not key.startswith(prefix) or len(content) not in lengths:
        raise SecretError(f"the secret is not {prefix} and {SHORTEST} to {LONGEST} bytes in base64")
    return content


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()

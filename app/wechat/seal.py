# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The signature and the seal on what WeChat sends to our door."""

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK, LEAD = 32, 20
"""Padding goes to 32 bytes; 16 random ones and four of length stand before the letter."""


class SealError(ValueError):
    """The letter was not sealed by whoever holds our key, or not for our account."""


def signature(*parts: str) -> str:
    """Give the hexadecimal SHA-1 over the sorted parts, which is the platform's choice."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - WeChat's own choice


def is_signed(given: str, *parts: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode(), signature(*parts).encode())


def opened(sealed: str, aes_key: str, app_id: str) -> bytes:
    """Open a sealed letter (AES-256-CBC) that is for this account. Raises SealError."""
    key = base64.b64decode(aes_key + "=")
    try:
        data = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise SealError("not base64") from None
    if not data or len(data) % 16:
        raise SealError("not whole blocks")
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    return _letter(_unpadded(cipher.update(data) + cipher.finalize()), app_id)


def _unpadded(plain: bytes) -> bytes:
    count = plain[-1]
    if not 1 <= count <= BLOCK or plain[-count:] != bytes([count]) * count:
        raise SealError("wrong padding")
    return plain[:-count]


def _letter(plain: bytes, app_id: str) -> bytes:
    end = LEAD + int.from_bytes(plain[16:LEAD], "big")
    if len(plain) < LEAD or end > len(plain):
        raise SealError("wrong length")
    if not hmac.compare_digest(plain[end:], app_id.encode()):
        raise SealError("for another account")
    return plain[LEAD:end]

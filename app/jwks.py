# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Reads a published key set (RFC 7517), strictly."""

import json

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

FEWEST_BITS = 2048
LARGEST = 256 * 1024
"""Bytes of a key set that is fetched."""
NO_KEY_SET = "is no key set (JWKS) whose keys are RSA of 2048 bits at least, each with a kid of its own"


def keys_in(text: str) -> dict[str, RSAPublicKey]:
    """Give the keys by their names; ValueError where anything in it is not as it must be.

    Keys of other kinds, and for other ends than signing, are nobody's here (RFC 7517, section 5).
    """
    try:
        ours = [row for row in json.loads(text)["keys"] if row["kty"] == "RSA" and row.get("use", "sig") == "sig"]
        rows = [PyJWK.from_dict(row, algorithm="RS256") for row in ours]
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError(NO_KEY_SET) from None
    found = {str(row.key_id): row.key for row in rows if isinstance(row.key, RSAPublicKey) and row.key_id}
    if not found or len(found) < len(rows) or min(key.key_size for key in found.values()) < FEWEST_BITS:
        raise ValueError(NO_KEY_SET)
    return found

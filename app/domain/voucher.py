# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a voucher of the national platform (PDND) must say beside being signed and in force."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 200
NAMED = ("jti", "sub", "client_id", "purposeId", "producerId", "consumerId", "eserviceId", "descriptorId")
FOREIGN_KEYS = ("jku", "x5u", "jwk", "x5c", "x5t", "crit")
"""Headers by which a token would bring, or name, the key that it is to be believed by."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Who issues vouchers, for which e-service (the audience), and who we are there (the producer)."""

    issuer: str
    audience: str
    producer: str


def is_well_headed(header: Mapping[str, Any]) -> bool:
    """Tell whether a header is that of an access token, signed with a key of the set that is configured."""
    plain = header.get("typ") == "at+jwt" and header.get("alg") == "RS256" and isinstance(header.get("kid"), str)
    return plain and not any(name in header for name in FOREIGN_KEYS)


def is_for_us(claims: Mapping[str, Any], terms: Terms, evidence: str | None) -> bool:
    """Tell whether a voucher is complete, for us, and bound to the evidence that came with it, if to any."""
    if not all(isinstance(claims.get(name), str) and 0 < len(claims[name]) <= LONGEST for name in NAMED):
        return False
    ours = claims["producerId"] == terms.producer and claims["sub"] == claims["client_id"]
    return ours and ("digest" not in claims or _is_bound(claims["digest"], evidence))


def _is_bound(digest: object, evidence: str | None) -> bool:
    if not isinstance(digest, Mapping) or digest.get("alg") != "SHA256" or evidence is None:
        return False
    made = hashlib.sha256(evidence.encode()).hexdigest()
    return hmac.compare_digest(made.encode(), str(digest.get("value")).encode())

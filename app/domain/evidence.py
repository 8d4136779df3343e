# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a tracking evidence must say of whoever acts at the consumer (the pattern AUDIT_REST_02 of the ModI)."""

import re
from collections.abc import Mapping
from typing import Any

from app.domain.signature import ID, UnfitError

LONGEST = 31 * 86_400
"""Seconds for which an evidence may be good: its id must be remembered for as long."""
NONCE = re.compile(r"[0-9]{13,20}")
"""What keeps the platform, which sees the digest, from guessing who it is."""
ACTING = ("userID", "userLocation", "LoA")
LONGEST_NAME = 100


def person_in(claims: Mapping[str, Any], voucher: Mapping[str, Any]) -> str:
    """Say who acts, from where, and how surely that is known; UnfitError where it is not of this voucher or not whole.

    That it is signed, for us and in force is looked at with the signature.
    """
    since, until = claims.get("iat"), claims.get("exp")
    if type(since) is not int or type(until) is not int or not 0 < until - since <= LONGEST:
        raise UnfitError("evidence: iat and exp")
    if not isinstance(claims.get("jti"), str) or ID.fullmatch(claims["jti"]) is None:
        raise UnfitError("evidence: jti")
    if claims.get("iss") != voucher["client_id"] or claims.get("purposeId") != voucher["purposeId"]:
        raise UnfitError("evidence: it is of another client or purpose")
    if type(claims.get("dnonce")) not in (int, str) or NONCE.fullmatch(str(claims["dnonce"])) is None:
        raise UnfitError("evidence: dnonce")
    if not all(_is_name(claims.get(name)) for name in ACTING):
        raise UnfitError("evidence: who acts")
    return " ".join(f"{name}={claims[name]}" for name in ACTING)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Proofs of possession that come with a voucher (DPoP, RFC 9449): signed with its key, for one call, and once."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.database import Pool
from app.domain.proof import FRESH, Call, is_made_for, key_of, target_of, thumbprint_of
from app.jwks import FEWEST_BITS
from app.unseen import is_first

HEADER = b"dpop"
LONGEST = 4096
METHOD = "campanella.method"
"""In the scope: the method as it was called, where it is answered as another."""
REMEMBERED = timedelta(seconds=2 * FRESH)
"""For which a proof could come again at the longest: one that is made ahead of time."""
REQUIRED = ["jti", "htm", "htu", "iat", "ath"]
HOW: Any = {"require": REQUIRED, "verify_aud": False}
UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
"""What a token can make of a reader."""


class Proofs:
    """Judges the proofs that come to one installation."""

    def __init__(self, pool: Pool, public: str) -> None:
        """`public` is the address under which others reach us: what a call says of its host is no part of it."""
        self._pool, self._public = pool, public

    async def is_given(self, scope: Mapping[str, Any], voucher: str, thumbprint: str) -> bool:
        """Tell whether a call proves that it holds the key of this thumbprint, with a proof that was not used before.

        Each is remembered in Postgres; while that is away, nothing is proven.
        """
        given = [value for name, value in scope["headers"] if name == HEADER]
        if len(given) != 1 or len(given[0]) > LONGEST:
            return False
        claims = _claims(given[0].decode("latin-1"), thumbprint)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        target = target_of(self._public + path)
        if claims is None or target is None:
            return False
        method: str = scope.get(METHOD) or scope["method"]
        now = datetime.now(UTC)
        made = is_made_for(claims, Call(method, target, voucher, now.timestamp()))
        return made and await is_first(self._pool, f"dpop {thumbprint}", claims["jti"], now + REMEMBERED)


def _claims(proof: str, thumbprint: str) -> dict[str, Any] | None:
    """Read what is signed with the key that the proof brings, if that is the one of this thumbprint."""
    try:
        header = jwt.get_unverified_header(proof)
        members = key_of(header)
        if members is None or thumbprint_of(members) != thumbprint:
            return None
        key = jwt.PyJWK.from_dict(members, header["alg"]).key
        if isinstance(key, RSAPublicKey) and key.key_size < FEWEST_BITS:
            return None
        return dict(jwt.decode(proof, key, algorithms=[header["alg"]], options=HOW, leeway=FRESH))
    except UNREADABLE:
        return None

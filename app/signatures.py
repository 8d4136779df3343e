# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether a call of a source that signs its calls is signed: by it, for us, now, as it came, and for the first time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import jwt

from app.access import Caller
from app.database import Pool
from app.domain.signature import Given, UnfitError, key_named, refuse_unfit
from app.signers import Signer, signer
from app.telemetry import log
from app.unseen import is_first

HEADER = "agid-jwt-signature"
LEEWAY = 10
"""Seconds by which the clocks of the source and of this machine may differ."""
UNFIT = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
"""What a signature can make of a reader."""
REQUIRED = ["exp", "iat", "aud", "jti", "signed_headers"]
SOON = timedelta(days=30)
"""How long before its end a certificate in use is told of."""


class Signatures:
    """The rules of one installation for signed calls."""

    def __init__(self, pool: Pool, audience: str) -> None:
        """Take whom a signature must name, to the letter."""
        self._pool, self._audience = pool, audience
        self._told: dict[str, date] = {}

    async def is_good(self, caller: Caller, given: Given, body: bytes) -> bool:
        """Tell whether a call is signed, and that it is for the first time; why it is not stands in the log alone."""
        try:
            claims, used = signed_claims(caller.signers, given(HEADER), self._audience, REQUIRED)
            refuse_unfit(claims, given, body)
            until = datetime.fromtimestamp(claims["exp"], UTC)
            if not await is_first(self._pool, f"signature:{caller.source}", claims["jti"], until):
                raise UnfitError("it came before")
        except UNFIT as error:
            refused(error, caller.key, caller.source)
            return False
        self._tell_of_the_end(caller, used, datetime.now(UTC))
        return True

    def _tell_of_the_end(self, caller: Caller, used: Signer, now: datetime) -> None:
        """Say once a day that a certificate in use ends soon, while there is time to register the next one."""
        if used.until is None or used.until - now > SOON or self._told.get(used.name) == now.date():
            return
        self._told[used.name] = now.date()
        log.warning("access.ending", source=caller.source, certificate=used.name, until=used.until.isoformat())


def refused(error: Exception, caller: str, source: str | None = None) -> None:
    """Say for whoever operates why a call is not believed."""
    reason = str(error) if isinstance(error, UnfitError) else type(error).__name__
    log.info("access.unsigned", caller=caller, source=source, reason=reason)


def signed_claims(
    signers: Sequence[str], texts: Sequence[str], audience: str, required: Sequence[str]
) -> tuple[Mapping[str, Any], Signer]:
    """Read what is signed with one of the keys, for us, and in force, and say with which; else raise one of UNFIT."""
    if len(texts) != 1:
        raise UnfitError("there is none, or several")
    name, now = key_named(jwt.get_unverified_header(texts[0])), datetime.now(UTC)
    found = next((each for each in map(signer, signers) if each.name == name and each.is_in_force(now)), None)
    if found is None:
        raise UnfitError("its key is not registered, or not in force")
    how: Any = {"require": list(required), "strict_aud": True}
    terms: Any = {"audience": audience, "leeway": LEEWAY, "options": how}
    claims: Mapping[str, Any] = jwt.decode(texts[0], found.key, algorithms=list(found.algorithms), **terms)
    return claims, found

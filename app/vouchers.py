# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who calls with a voucher of the national platform (PDND) instead of a key of ours."""

from collections.abc import Mapping
from typing import Any, Self

import jwt

from app.access import Caller
from app.certificates import Certificates
from app.database import Pool
from app.domain.key import SCOPES, Role
from app.domain.proof import bound_to
from app.domain.voucher import Terms, is_for_us, is_well_headed
from app.evidences import Evidences
from app.key_set import KeySet
from app.proofs import UNREADABLE, Proofs
from app.settings import Settings
from app.telemetry import log

LONGEST = 8192
LEEWAY = 10
"""Seconds by which the clocks of the platform and of this machine may differ."""
REQUIRED = ["exp", "nbf", "iat", "jti", "sub", "iss", "aud"]
# Two sources with one purpose would be a mistake, and then it is nobody's.
WHOSE = """
select slug, services, event_sources, link_hosts, signers, requests_per_minute, requests_per_day
  from source where $1 = any(vouchers) limit 2
"""


class Vouchers:
    """The rules of one installation for vouchers; nothing is written down of them but who came."""

    def __init__(self, pool: Pool, keys: KeySet, terms: Terms, certificates: Certificates, proofs: Proofs) -> None:
        """Take the keys that vouchers are signed with, what they must say, and who tells what they are bound to."""
        self._pool, self._keys, self._terms = pool, keys, terms
        self._certificates, self._proofs = certificates, proofs
        self._evidences = Evidences(pool, terms.audience)
        self._greeted: set[str] = set()

    @classmethod
    def of(cls, settings: Settings, pool: Pool, certificates: Certificates) -> Self | None:
        """Set them up; None where vouchers are not taken."""
        keys, audience, producer = KeySet.of(settings), settings.voucher_audience, settings.voucher_producer
        if keys is None or audience is None or producer is None:
            return None
        terms = Terms(settings.voucher_issuer, audience, producer)
        return cls(pool, keys, terms, certificates, Proofs(pool, str(settings.public_url).rstrip("/")))

    async def close(self) -> None:
        await self._keys.close()

    async def caller(self, text: str, scheme: str, evidence: str | None, scope: Mapping[str, Any]) -> Caller | None:
        """Say whose voucher this is, or None, whatever is wrong with it.

        `evidence` is what it may be bound to, and is signed where the source signs; `scope` tells the certificate and
        the proof, should it be bound to one.
        """
        claims = await self._claims(text)
        if claims is None or not is_for_us(claims, self._terms, evidence):
            return None
        held = await self._is_held(claims, text, scheme, scope)
        purpose = f"{claims['consumerId']}/{claims['purposeId']}"
        rows = await self._pool.fetch(WHOSE, purpose)
        if not held or len(rows) != 1:
            return None
        row = rows[0]
        number = f"voucher:{claims['purposeId']}"
        person = await self._evidences.person(number, row["signers"], claims, evidence)
        if person is None:
            return None
        if number not in self._greeted:
            self._greeted.add(number)
            log.info("access.granted", caller=number, role=Role.SOURCE.value, source=row["slug"])
        whose = (row["slug"], frozenset(row["services"]), tuple(row["event_sources"]), tuple(row["link_hosts"]))
        own = {"per_minute": row["requests_per_minute"], "per_day": row["requests_per_day"]}
        signers = tuple(row["signers"])
        rights = (SCOPES[Role.SOURCE], "voucher")
        return Caller(number, Role.SOURCE, *whose, *rights, signers=signers, person=person, **own)

    async def _is_held(self, claims: Mapping[str, Any], text: str, scheme: str, scope: Mapping[str, Any]) -> bool:
        """Tell whether whoever calls holds what the voucher is bound to, and says so by the right scheme."""
        bound = bound_to(claims)
        if bound is None or scheme != ("bearer" if bound.key is None else "dpop"):
            return False
        if bound.certificate is not None and self._certificates.shown(scope) != bound.certificate:
            return False
        return bound.key is None or await self._proofs.is_given(scope, text, bound.key)

    async def _claims(self, text: str) -> dict[str, Any] | None:
        """Read what is signed by a key of the set and in force now."""
        if len(text) > LONGEST:
            return None
        try:
            header = jwt.get_unverified_header(text)
            key = await self._keys.key(header["kid"]) if is_well_headed(header) else None
            if key is None:
                return None
            how: Any = {"require": REQUIRED, "strict_aud": True}
            terms: Any = {"audience": self._terms.audience, "issuer": self._terms.issuer, "leeway": LEEWAY}
            return dict(jwt.decode(text, key, algorithms=["RS256"], options=how, **terms))
        except UNREADABLE:
            return None

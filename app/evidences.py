# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who acts at another administration, as it says in the tracking evidence beside a voucher (AUDIT_REST_02)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from app.database import Pool
from app.domain.evidence import person_in
from app.domain.signature import UnfitError
from app.signatures import UNFIT, refused, signed_claims
from app.unseen import belongs_to

REQUIRED = ["exp", "iat", "aud", "jti", "iss"]


class Evidences:
    """The rules of one installation for them."""

    def __init__(self, pool: Pool, audience: str) -> None:
        """Take whom an evidence must name, to the letter."""
        self._pool, self._audience = pool, audience

    async def person(
        self, caller: str, signers: Sequence[str], voucher: Mapping[str, Any], text: str | None
    ) -> str | None:
        """Say who acts; None where the evidence is not to be believed, and why stands in the log alone.

        Nobody is named ("") where none is given, or where the source signs nothing. An evidence that the voucher is
        bound to may come with this voucher as often as it does; any other comes once.
        """
        if text is None or not signers:
            return ""
        try:
            claims, _ = signed_claims(signers, [text], self._audience, REQUIRED)
            person = person_in(claims, voucher)
            whose, until = f"evidence:{voucher['client_id']} {claims['jti']}", claims["exp"]
            to = voucher["jti"] if "digest" in voucher else str(uuid4())
            if not await belongs_to(self._pool, whose, to, datetime.fromtimestamp(until, UTC)):
                raise UnfitError("evidence: it came before")
        except UNFIT as error:
            refused(error, caller)
            return None
        return person

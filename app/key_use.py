# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which keys were used, and from where: noted with each call, written down about once a minute."""

from app.database import Pool
from app.domain.key import digest

USED = """
update key set last_used_at = now(), last_used_ip = used.address
  from unnest($1::text[], $2::text[]) as used (id, address)
 where key.id = used.id and (last_used_at is null or last_used_at < now() - interval '1 minute')
"""
# A key from before there was a pepper gets it at its first use: its text is known only then.
PEPPER = "update key set digest = $2, peppered = true where id = $1 and not peppered"


class KeyUse:
    """What one process has to write down about keys."""

    def __init__(self, pool: Pool, pepper: bytes | None) -> None:
        """Take the pepper that keys get which have none yet."""
        self._pool, self._pepper = pool, pepper
        self._used: dict[str, str | None] = {}
        self._to_pepper: dict[str, bytes] = {}

    def note(self, number: str, text: str, address: str | None, *, peppered: bool) -> None:
        self._used[number] = address
        if self._pepper is not None and not peppered:
            self._to_pepper[number] = digest(text, self._pepper)

    async def write_down(self) -> None:
        """Write all of it down, away from every request."""
        used, self._used = self._used, {}
        peppered, self._to_pepper = self._to_pepper, {}
        if used:
            await self._pool.execute(USED, list(used), list(used.values()))
        for number, own in peppered.items():
            await self._pool.execute(PEPPER, number, own)

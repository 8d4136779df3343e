# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a worker does for callbacks at each look: ask for consent, make calls out of changes, make the calls."""

from app.database import Pool
from app.outgoing import Outgoing
from app.settings import Settings
from app.vault import Vault
from workers.callbacks.asking import ask_for_consent
from workers.callbacks.calling import Caller
from workers.callbacks.telling import tell
from workers.clock import Clock


class Callbacks:
    """One per worker process."""

    def __init__(self, pool: Pool, outgoing: Outgoing, settings: Settings, clock: Clock) -> None:
        """Take the tools; without CAMPANELLA_SECRET_KEYS nothing can be signed, and what is owed waits."""
        self._pool, self._outgoing, self._settings, self._clock = pool, outgoing, settings, clock
        self._vault = Vault.of(settings)

    async def look(self) -> None:
        """Ask and call until nothing is due now."""
        await ask_for_consent(self._pool, self._outgoing, self._settings)
        while await tell(self._pool, str(self._settings.public_url).rstrip("/")):
            pass
        if self._vault.is_open:
            await Caller(self._pool, self._vault, self._outgoing, self._settings, self._clock).call()

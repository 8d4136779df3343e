# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One call to a receiver: signed, with an id that is the same for every try; no retry, no exception, no waiting."""

from dataclasses import dataclass

from app.database import AWAY, Pool
from app.domain.delivery import Intent
from app.domain.outcome import Failed, Gone, Misconfigured, Wire
from app.outbox import Owed
from app.outgoing import Outgoing
from app.signing import headers
from app.vault import LockedError, Vault, kept
from workers.clock import Clock
from workers.desk import Report
from workers.speaking import Request, speak
from workers.webhook.answers import read, wire
from workers.webhook.shown import event

PURPOSE = "channel"
NO_SECRET = "This channel has no secret to sign with yet. Make one with POST /v1/channels/{slug}/secret."  # noqa: S105 - a sentence
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Sender:
    """Tells receivers of notices. `timeout`: seconds that one call may take."""

    pool: Pool
    vault: Vault
    outgoing: Outgoing
    timeout: float
    clock: Clock

    async def send(self, owed: Owed, intent: Intent) -> Report:
        """Carry out one intent and say what it came to."""
        try:
            keys = await kept(self.pool, self.vault, PURPOSE, str(owed.channel_id))
        except LockedError as error:
            return Report(Misconfigured(error.detail), Wire.NONE)
        except AWAY as error:
            return Report(Failed(f"the secret could not be read: {type(error).__name__}"), Wire.NONE)
        if not keys:
            return Report(Gone(NO_SECRET), Wire.NONE)
        return await self._call(owed, intent, keys)

    async def _call(self, owed: Owed, intent: Intent, keys: list[str]) -> Report:
        body, number, now = event(intent), f"msg_{intent.key}", self.clock.now()
        traced = owed.step.headers if owed.step is not None else {}
        signed = {**JSON, **traced, **headers(keys, number, now, body)}
        heard = await speak(self.outgoing, Request("POST", owed.address, signed, body), self.timeout)
        return Report(read(heard, number, self.clock.now(), owed.progress.give_up_at), wire(heard))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Asks a receiver whether it wants to be called at all, before the first call (CloudEvents webhook)."""

from dataclasses import dataclass

from app.outgoing import Outgoing
from app.settings import Settings
from workers.speaking import Request, Said, Unheard, speak

NO_CONSENT = (
    "The receiver did not consent: it must answer OPTIONS with the header WebHook-Allowed-Origin, "
    "holding our name or an asterisk."
)
GONE = 410


@dataclass(frozen=True, slots=True)
class Consent:
    """`granted` is None where the receiver could not be asked now; `rate`: calls a minute that it allows, None: any."""

    granted: bool | None
    problem: str | None = None
    rate: int | None = None


async def consent(outgoing: Outgoing, settings: Settings, href: str, per_minute: int) -> Consent:
    """Ask with OPTIONS; it is the header that consents, never the status. Never raises."""
    origin = settings.public_url.host or ""
    headers = {"WebHook-Request-Origin": origin, "WebHook-Request-Rate": str(per_minute or "*")}
    heard = await speak(outgoing, Request("OPTIONS", href, headers), settings.webhook_timeout)
    match heard:
        case Unheard(reason, _, blocked):
            return Consent(False if blocked else None, reason)
        case Said(status) if status == GONE:
            return Consent(granted=False, problem="The receiver says that this address is gone (410).")
        case Said(_, answered):
            allowed = answered.get("webhook-allowed-origin", "").strip().lower()
            if allowed not in (origin.lower(), "*"):
                return Consent(granted=False, problem=NO_CONSENT)
            return Consent(granted=True, rate=_rate(answered.get("webhook-allowed-rate", "*")))


def _rate(given: str) -> int | None:
    """Read a rate a minute; an asterisk, and what is no number, is no limit."""
    given = given.strip()
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 7 else None  # noqa: PLR2004

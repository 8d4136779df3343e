# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What keeps a notice from going out in a channel at once, in Italian and in English."""

from dataclasses import dataclass
from datetime import datetime

WORDS: dict[str, tuple[str, str]] = {
    "scheduled": ("Esce al momento indicato in publish_at.", "It goes out at the time in publish_at."),
    "quota": (
        "La fonte ha esaurito le richieste: l'avviso sarebbe rifiutato fino a quel momento.",
        "The quota of the source is used up: the notice would be refused until then.",
    ),
    "second_person": (
        "È urgente e per tutti: aspetta che un'altra persona lo lasci uscire.",
        "It is urgent and for everybody: it waits until another person lets it go.",
    ),
    "approval": (
        "Aspetta che una persona approvi i testi indicati in awaits.",
        "It waits until a person approves the texts in the languages of awaits.",
    ),
    "paused": (
        "Il canale è in pausa: aspetta che sia riattivato.",
        "The channel is paused: it waits until it is resumed.",
    ),
    "account_blocked": (
        "La piattaforma rifiuta il nostro account: non esce niente finché qualcuno non rimedia.",
        "The platform refuses our account: nothing goes out until somebody has seen to it.",
    ),
    "platform_away": (
        "La piattaforma non risponde: esce appena risponde di nuovo.",
        "The platform answers nobody: it goes out as soon as it answers again.",
    ),
    "daily_cap": (
        "Il canale ha già avuto gli avvisi di un giorno: aspetta domani.",
        "The channel has had its notices of the day: it waits for tomorrow.",
    ),
    "push_quota": (
        "Gli invii che la piattaforma permette sono finiti: aspetta che ne torni uno.",
        "The pushes that the platform allows are used up: it waits until there is one again.",
    ),
    "push_choice": (
        "Aspetta che una persona decida se vale un invio.",
        "It waits until a person decides whether it is worth a push.",
    ),
    "earlier": ("Prima escono altri avvisi dello stesso canale.", "Other notices of the channel go out before it."),
    "no_worker": (
        "Nessun processo che serve questo tipo di canale ha risposto.",
        "No worker that serves this kind of channel has answered.",
    ),
}


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that a notice waits for; `until`: the moment, where that is known."""

    reason: str
    until: datetime | None = None

    @property
    def words(self) -> tuple[str, str]:
        """In Italian and in English."""
        return WORDS[self.reason]

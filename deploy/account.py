# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The account of a campaign: what was accepted, what became of it, and whether the channels agree."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

STATES = ("delivered", "expired", "withdrawn", "dead", "held", "in_doubt", "due")
OPEN = frozenset({"in_doubt", "due"})
GOOD_ENDS = frozenset({"delivered", "expired", "withdrawn"})
Post = tuple[str, str]
"""A channel and what it calls one of its posts."""


@dataclass(frozen=True)
class Owed:
    """One delivery as the API shows it."""

    event_id: str
    lane: str
    channel: str
    state: str
    references: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True)
class Account:
    """How many deliveries were promised with each 202, and all that the API knows of."""

    promised: int
    deliveries: tuple[Owed, ...]
    landed: tuple[Post, ...]
    """What the sandbox itself says is in the channels."""

    def states(self, *, lane: str | None = None, channel: str | None = None) -> Counter[str]:
        return Counter(
            owed.state for owed in self.deliveries if lane in (None, owed.lane) and channel in (None, owed.channel)
        )

    @property
    def missing(self) -> int:
        """Deliveries that were promised and that nobody knows of any more."""
        return self.promised - len(self.deliveries)

    @property
    def lost(self) -> list[Post]:
        """Posts that we believe are there and that are not."""
        return sorted((Counter(self._claimed()) - Counter(self.landed)).elements())

    @property
    def twice(self) -> list[Post]:
        """Posts that are there and that no delivery knows of."""
        return sorted((Counter(self.landed) - Counter(self._claimed())).elements())

    @property
    def is_settled(self) -> bool:
        return self.missing == 0 and not any(owed.is_open for owed in self.deliveries)

    @property
    def is_good(self) -> bool:
        """Everything promised came to a good end, once."""
        ends = all(owed.state in GOOD_ENDS for owed in self.deliveries)
        return self.missing == 0 and ends and not self.lost and not self.twice

    def _claimed(self) -> list[Post]:
        return [(owed.channel, reference) for owed in self.deliveries for reference in owed.references]


def landed(journal: Iterable[Mapping[str, object]], channels: Mapping[int, str]) -> tuple[Post, ...]:
    """Read from the sandbox's journal which posts of the bot are in which of our channels."""
    posts: Counter[Post] = Counter()
    for entry in journal:
        channel = channels.get(entry["chat"]) if isinstance(entry["chat"], int) else None
        messages = entry["messages"] if isinstance(entry["messages"], list) else []
        if channel is None or entry["by"] != "bot":
            continue
        these = Counter((channel, str(message)) for message in messages)
        posts += these if entry["did"] == "accepted" else Counter()
        posts -= these if entry["did"] == "deleted" else Counter()
    return tuple(posts.elements())

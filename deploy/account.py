# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The account of a campaign: what was accepted, what became of it, and whether the channels agree."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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
    is_current: bool = True
    """Whether the channel shows what it should by now: the latest revision, or, taken back, none."""
    is_gone: bool = False
    """Whether what was there was deleted, where a platform deletes what is withdrawn."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN or (self.state == "delivered" and not self.is_current)


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
        ends = all(owed.state in GOOD_ENDS and owed.is_current for owed in self.deliveries)
        return self.missing == 0 and ends and not self.lost and not self.twice

    def followed(self, event_id: str) -> tuple[int, int]:
        """Say how many of a notice's channels show what they should, and how many there are."""
        owed = [each.is_current for each in self.deliveries if each.event_id == event_id]
        return sum(owed), len(owed)

    def _claimed(self) -> list[Post]:
        there = (owed for owed in self.deliveries if not owed.is_gone)
        return [(owed.channel, reference) for owed in there for reference in owed.references]


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


def pushed(
    sends: Iterable[Mapping[str, Any]], slugs: Mapping[int | None, str], known: Iterable[Post]
) -> tuple[Post, ...]:
    """Read from what WeChat's followers see which notices stand there, by the number of their first article.

    `known`: what any delivery calls its posts, deleted ones too; an article that is nobody's stands for itself.
    """
    posts: list[Post] = []
    called = set(known)
    for send in sends:
        slug, number = slugs.get(send["tag"]), str(send["id"])
        if slug is None or send["state"] != "done":
            continue
        if (slug, number) in called:
            posts.append((slug, number))
            continue
        mine = [name.partition("_") for where, name in called if where == slug]
        firsts = [int(first) for message, _, first in mine if message == number]
        there = [place for place, article in enumerate(send["articles"], 1) if not article["deleted"]]
        owners = {max((first for first in firsts if first <= place), default=place) for place in there}
        posts += [(slug, f"{number}_{owner}") for owner in sorted(owners)]
    return tuple(posts)


def told(events: Iterable[Mapping[str, str]], slug: str) -> tuple[Post, ...]:
    """Read what a receiver was told last of each notice; the same told twice stands twice."""
    last: dict[str, str] = {}
    seen: Counter[tuple[str, str]] = Counter()
    again: list[Post] = []
    for event in events:
        seen[event["event_id"], event["type"]] += 1
        if seen[event["event_id"], event["type"]] > 1:
            again.append((slug, event["id"]))
        last[event["event_id"]] = event["id"]
    return (*((slug, number) for number in last.values()), *again)

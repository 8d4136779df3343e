# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The town of ./dev demo: its services, the systems that hand in notices, its channels, and the notices."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

SAMPLES = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Sample:
    """A notice and the system that hands it in."""

    source: str
    notice: dict[str, Any]

    @property
    def event_id(self) -> str:
        return str(self.notice["event_id"])

    @property
    def lane(self) -> str:
        return str(self.notice["priority"])

    @property
    def title(self) -> str:
        return str(next(iter(self.notice["texts"].values()))["title"])

    def in_run(self, run: str) -> Self:
        """Give the same notice as one of this run, where an earlier run has handed it in already."""
        supersedes = self.notice["supersedes"]
        renamed = {"event_id": self.event_id + run, "supersedes": supersedes + run if supersedes else None}
        return type(self)(self.source, {**self.notice, **renamed})


@dataclass(frozen=True)
class Town:
    services: dict[str, str]
    sources: dict[str, dict[str, Any]]
    channels: list[dict[str, Any]]
    boards: list[dict[str, Any]]
    accounts: list[dict[str, Any]]
    hooks: list[dict[str, Any]]
    samples: list[Sample]
    corrected: Sample
    change: dict[str, Any]
    """What its source changes of it afterwards."""
    withdrawn: Sample

    @classmethod
    def read(cls, run: str) -> Self:
        """Read the town from the samples; `run` goes behind every event_id.

        In a database of others there is no WeChat account (a further run finds the push of the day spent) and no
        webhook (its receiver, and the key that its secret is kept under, are ours and of this run only).
        """
        town = json.loads((SAMPLES / "town.json").read_text(encoding="utf-8"))
        notices = json.loads((SAMPLES / "notices.json").read_text(encoding="utf-8"))["notices"]
        samples = [Sample(each["source"], each["notice"]).in_run(run) for each in notices]
        story, by_event = town["story"], {sample.event_id: sample for sample in samples}
        corrected = by_event[story["corrected"]["event_id"] + run]
        later = (corrected, story["corrected"]["change"], by_event[story["withdrawn"] + run])
        alone = ("accounts", "hooks")
        accounts, hooks = ([] if run else town[name] for name in alone)
        places = (town["channels"], town["boards"], accounts, hooks)
        return cls(town["services"], town["sources"], *places, samples, *later)

    def slugs_by_chat(self) -> dict[int, str]:
        return {each["chat"]["id"]: each["channel"]["slug"] for each in self.channels}

    def slugs(self) -> list[str]:
        return [*self.slugs_by_chat().values(), *(each["slug"] for each in (*self.boards, *self.accounts, *self.hooks))]

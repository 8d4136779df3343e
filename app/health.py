# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether this process lives, can take work, and how the whole stands; says the same whoever serves it."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alembic.script import ScriptDirectory

from app.exposition import exposition
from app.figures import Figures
from app.levels import LATE, Levels
from app.migrate import configuration
from app.settings import Settings
from app.version import VERSION
from app.vitals import Heard, Vitals

MEDIA_TYPE = "application/health+json"
PASS, WARN, FAIL = "pass", "warn", "fail"
FOR_EVERYBODY = ("status", "version", "releaseId", "service_levels")
"""What is told to whoever asks; what is the matter is for those who can mend it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding, in the form of application/health+json."""

    name: str
    status: str
    component: str
    value: object = None
    unit: str | None = None
    output: str | None = None

    def document(self, now: str) -> dict[str, Any]:
        members = {"observedValue": self.value, "observedUnit": self.unit, "output": self.output}
        known = {name: value for name, value in members.items() if value is not None}
        return {"componentType": self.component, "status": self.status, "time": now, **known}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the document that goes with it."""

    status: int
    document: dict[str, Any]

    @property
    def bare(self) -> "Answer":
        """The same without details."""
        return Answer(self.status, {name: self.document[name] for name in FOR_EVERYBODY if name in self.document})


class Health:
    """What one process answers when asked how it is. Whoever stops the process calls `drain` first."""

    def __init__(self, settings: Settings, vitals: Vitals | None = None) -> None:
        """Ask by connections of its own, unless others are given."""
        self.vitals = vitals or Vitals(settings)
        self.draining = False
        self._started = time.monotonic()
        script = ScriptDirectory.from_config(configuration())
        self._newest = script.get_current_head()
        self._known = {each.revision for each in script.walk_revisions()}

    def drain(self) -> None:
        """Answer from now on that no new work should come here."""
        self.draining = True

    def close(self) -> None:
        self.vitals.close()

    def livez(self) -> Answer:
        """Speak of this process alone: a restart would not bring Postgres back."""
        uptime = Check("uptime", PASS, "system", round(time.monotonic() - self._started, 1), "s")
        return _answer([uptime])

    async def readyz(self) -> Answer:
        """Say whether requests should come here; without Redis they should, only slower."""
        return _answer(await self._checks())

    async def status(self) -> Answer:
        """Tell the public whether the service works, and what waits; 503 when it does not."""
        checks, figures = await asyncio.gather(self._checks(), self.vitals.figures())
        failed = [f"{each.name.partition(':')[0]} {each.output}" for each in checks if each.status == FAIL]
        if failed:
            return Answer(503, {"status": FAIL, "version": VERSION, "notes": failed})
        warned = [f"{each.name.partition(':')[0]} {each.output}" for each in checks if each.status == WARN]
        notes = [*warned, *_notes(figures)]
        document = {"status": WARN if notes else PASS, "version": VERSION, "notes": notes}
        return Answer(200, {**document, **_counted(figures), **_levelled(await self.vitals.levels())})

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        """Give the counts of this process and the figures of the whole, and the media type they are in."""
        return exposition(await self.vitals.figures(), accept)

    async def _checks(self) -> list[Check]:
        postgres, redis = await asyncio.gather(self.vitals.postgres(), self.vitals.redis())
        process = Check("process:draining", FAIL if self.draining else PASS, "component", self.draining)
        if self.draining:
            process = Check(process.name, FAIL, "component", value=True, output="is being stopped")
        return [
            process,
            _response("postgres", postgres, FAIL),
            *self._schema(postgres),
            _response("redis", redis, WARN),
        ]

    def _schema(self, heard: Heard[str | None]) -> Iterator[Check]:
        """Judge the revision; a newer one is what the processes of an upgrade see that are not yet replaced."""
        if heard.problem is not None:
            return
        if heard.answer == self._newest:
            yield Check("postgres:schema", PASS, "datastore", heard.answer)
        elif heard.answer is not None and heard.answer not in self._known:
            yield Check("postgres:schema", WARN, "datastore", heard.answer, output="is newer than this version")
        else:
            yield Check("postgres:schema", FAIL, "datastore", heard.answer, output="lacks migrations: run them")


def _response(name: str, heard: Heard[Any], when_away: str) -> Check:
    status = PASS if heard.problem is None else when_away
    return Check(f"{name}:responseTime", status, "datastore", round(heard.seconds * 1000, 1), "ms", heard.problem)


def _answer(checks: list[Check]) -> Answer:
    found = {each.status for each in checks}
    worst = next(status for status in (FAIL, WARN, PASS) if status in found)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    document = {
        "status": worst,
        "version": VERSION.partition(".")[0],
        "releaseId": VERSION,
        "checks": {each.name: [each.document(now)] for each in checks},
    }
    return Answer(503 if worst == FAIL else 200, document)


def _counted(figures: Figures | None) -> dict[str, Any]:
    if figures is None:
        return {}
    return {
        "oldest_due_seconds": {lane: round(age, 1) for lane, age in figures.oldest.items()},
        "deliveries": figures.deliveries,
        "channels": figures.channels,
        "workers": figures.workers,
    }


def _levelled(levels: Levels | None) -> dict[str, Any]:
    return {"service_levels": levels.document()} if levels else {}


def _notes(figures: Figures | None) -> list[str]:
    """Say in words what a person may want to look at."""
    if figures is None:
        return ["what waits could not be counted in time"]
    nobody = [] if figures.workers else ["no worker has been seen for 10 seconds: what is accepted waits"]
    late = [
        f"the oldest {lane} delivery has been due for {age:.0f} seconds"
        for lane, age in figures.oldest.items()
        if age > LATE[lane]
    ]
    sad = {
        "deliveries held until a person decides": figures.held,
        "dead letters": figures.dead,
        "paused channels": figures.paused,
    }
    return [*nobody, *late, *(f"{words}: {count}" for words, count in sad.items() if count)]

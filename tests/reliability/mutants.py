# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Ways to spoil the engine, each a few words of its source: a suite that would not notice them proves nothing."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.processes import HERE

POST_IN_DOUBT = "case when d.intent ->> 'action' = 'post' then 'in_doubt' else d.state end"

AFTERWARDS = """
        await there.execute(
            "insert into delivery (notice_id, channel_id, lane, ready_at, due_at, rank, give_up_at, state, wanted)"
            " select n.id, c.id, 1, n.created_at, n.created_at, n.created_at, n.created_at + interval '1 day', 'due', 1"
            "   from notice n, channel c where n.id = $1",
            wishes[0].id,
        )
"""


@dataclass(frozen=True)
class Edit:
    """Replace these words, which stand once in this file."""

    file: str
    words: str
    by: str


@dataclass(frozen=True)
class Mutant:
    name: str
    edits: tuple[Edit, ...]

    def __str__(self) -> str:
        return self.name

    def code(self, directory: Path) -> Path:
        """Copy the code and spoil the copy; words that are no longer there are an error, not a survivor."""
        for package in ("app", "workers"):
            shutil.copytree(HERE / package, directory / package, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("pyproject.toml", "openapi.yaml"):
            shutil.copy(HERE / file, directory)
        for edit in self.edits:
            spoiled = directory / edit.file
            source = spoiled.read_text("utf-8")
            if source.count(edit.words) != 1:
                raise LookupError(f"{edit.words!r} stands {source.count(edit.words)} times in {edit.file}")
            spoiled.write_text(source.replace(edit.words, edit.by), "utf-8")
        return directory


def mutant(name: str, *edits: tuple[str, str, str]) -> Mutant:
    return Mutant(name, tuple(Edit(*edit) for edit in edits))


NO_INTENT = mutant("no intent", ("app/outbox/intents.py", "intent = t.intent::json,", "intent = null,"))
NO_FENCE = mutant(
    "no fence",
    ("app/outbox/record.py", "d.id = x.id and d.token = x.token and d.lease_until is not null", "d.id = x.id"),
)
KEY_OUTSIDE = mutant(
    "idempotency key written outside the intake transaction",
    (
        "app/api/acceptance.py",
        "        await self._keeper.reserve(connection)",
        "        async with self._house.database.pool.acquire() as another: await self._keeper.reserve(another)",
    ),
)
OWED_LATER = mutant(
    "what a notice owes is stored after it",
    (
        "app/storing.py",
        "*_pairs(owed), waiting, *looked\n        )",
        f"[], [], waiting, *looked\n        )\n{AFTERWARDS}",
    ),
)
NO_PROBE = mutant("no probe", ("app/domain/step.py", "if can_ask and intent.after is not None:", "if False:"))
DOUBT_AS_FAILURE = mutant(
    "in doubt taken as never left", ("workers/telegram/errors.py", "if wire.left else Failed(", "if False else Failed(")
)
FAILURE_AS_DOUBT = mutant(
    "never left taken as in doubt", ("workers/telegram/errors.py", "if wire.left else Failed(", "if True else Failed(")
)
HASTY_SWEEP = mutant("the sweep ignores the intent", ("app/outbox/sweep.py", POST_IN_DOUBT, "d.state"))
NO_TICK = mutant("no tick, doorbell only", ("workers/relay.py", "await self.tick()", "await asyncio.sleep(0)"))
NO_PACE = mutant(
    "no pace at the claim",
    ("app/domain/pace.py", "if not per_second:\n        return [now]", "if True:\n        return [now]"),
)
UNTOLD = mutant(
    "the pace is not told of what came late", ("app/outbox/account.py", "told = account.told(came)", "told = account")
)
NO_MINUTE = mutant(
    "no limit of a minute",
    ("app/domain/pace.py", "if is_group and limits.group_per_minute", "if False"),
    ("app/domain/pace.py", "if is_group and 0 < many <= len(sent)", "if False"),
)
NO_EXPIRY = mutant(
    "expiry not looked at",
    ("app/domain/step.py", "if step.action is Action.POST and progress.expires_at", "if False and progress.expires_at"),
    ("app/outbox/sweep.py", "where state = 'due' and expires_at <= now()", "where state = 'due' and false"),
    ("app/outbox/turn.py", "return self.owed.progress.expires_at if is_new else None", "return None"),
)
NO_ORDER = mutant(
    "the earlier delivery of a channel is not waited for",
    ("app/outbox/due.py", "and (e.rank, e.id) < (d.rank, d.id)", "and false"),
)
NO_LOCK = mutant(
    "a channel on whose behalf a call is on the wire counts as free",
    ("app/outbox/due.py", "c.retired_at is null and c.turn_until is null", "c.retired_at is null"),
)
NO_WAKE = mutant(
    "a platform that comes back wakes nobody", ("app/outbox/breaker.py", "and d.failures > 0 and", "and false and")
)
CREDULOUS = mutant(
    "a probe adopts whatever it finds",
    (
        "workers/telegram/errors.py",
        "if action is not Action.POST and _starts(plain, THERE):",
        "if action is Action.PROBE or (action is not Action.POST and _starts(plain, THERE)):",
    ),
)
HASTY_DOUBT = mutant(
    "what a lapsed lease leaves behind does not rest, though a call may be under way",
    ("workers/main.py", "if settings.spare_in_lease(desk.timeout)]", "]"),
)
NEEDLESS_REST = mutant(
    "what a lapsed lease leaves behind rests, though no call can be under way",
    ("workers/main.py", "if settings.spare_in_lease(desk.timeout)]", "if False]"),
)
LATE_CALL = mutant(
    "a call may end right before its lease",
    ("workers/turn.py", "self._desk.timeout + self._spare > self._lease", "self._desk.timeout > self._lease"),
)
HEARS = "return relay.is_warm and way.hears and not stop.is_set()"
COLD_EARS = mutant(
    "a process that has just begun takes a ring", ("workers/main.py", HEARS, "return way.hears and not stop.is_set()")
)
LONELY_EARS = mutant(
    "a process whose call is alone takes a ring",
    ("workers/main.py", HEARS, "return relay.is_warm and not stop.is_set()"),
)
LAST_EARS = mutant("a process that ends takes a ring", ("workers/main.py", HEARS, "return relay.is_warm and way.hears"))
NO_FAREWELL = mutant(
    "a process that ends passes nothing on",
    ("workers/main.py", "doorbell.ring()  # what was heard last is for the others", "pass"),
)
SILENT_WAY = mutant(
    "a process whose call is alone passes nothing on", ("workers/main.py", "Way(tell=doorbell.ring)", "Way()")
)
UNFAIR = mutant(
    "what is late goes by rank alone",
    ("app/outbox/due.py", "FAIR = timedelta(milliseconds=200)", "FAIR = timedelta(0)"),
)
IN_ROUNDS = mutant(
    "what is late goes by channel alone",
    ("app/outbox/due.py", "order by lane, turn, lot, served", "order by lane, served"),
)
UNTIMELY = mutant(
    "what is urgent is never late", ("app/outbox/due.py", "PROMPT = timedelta(seconds=1)", "PROMPT = timedelta(days=1)")
)
ALL_TOGETHER = mutant(
    "nothing is claimed before all calls have ended",
    ("workers/turn.py", "await self._wait(pause)\n", "await self._wait(pause); await asyncio.gather(*self._calls)\n"),
)
SEND = "report = await self._desk.send(call.owed, call.intent)"
ONE_BY_ONE = mutant(
    "one call at a time",
    ("workers/turn.py", "LONGEST_PAUSE = 1.0\n", "LONGEST_PAUSE = 1.0\nALONE = asyncio.Lock()\n"),
    ("workers/turn.py", f"            {SEND}", f"            async with ALONE: {SEND}"),
)

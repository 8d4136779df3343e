# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-16: accept, amend, withdraw, claim, record, give back, sweep, decide, redrive, pause, resume, move in any order."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.amend import Change, amend, withdraw
from app.domain.errors import StateConflictError
from app.domain.outcome import (
    Absent,
    Delivered,
    Doubted,
    Failed,
    Foreign,
    Gone,
    Lost,
    Moved,
    Outcome,
    Refused,
    Throttled,
    Unclear,
    Undeletable,
    Wire,
)
from app.domain.settle import settle
from app.intake import Origin, accept
from app.outbox import Claimed, Done, decide, give_back, record, redrive, resume, sweep
from app.routing import Routing
from tests.given import a_channel, a_notice
from tests.outbox.conftest import claimed, plain
from tests.outbox.pausing import paused
from tests.reliability.any_rows import EMPTY, FRESH, HASTEN, HELD, IN_LINE, OPEN, OVERDUE, PAUSED, UNSOUND
from tests.reliability.home import Home

POLICIES, TITLES = ("repeat", "hold", "drop"), ("uno", "due", "tre")
MOVED = Moved("-100777")
"""A group became another; the second that says so would share an address, and pauses."""
POSTING: tuple[Outcome, ...] = (Doubted("?"), Failed("no"), Refused("never"), Throttled(0.0), Gone("kicked"), MOVED)
PROBING: tuple[Outcome, ...] = (Absent(), Foreign(), Unclear("?"), Doubted("?"), Throttled(0.0))
EDITING: tuple[Outcome, ...] = (Doubted("?"), Failed("no"), Lost("gone"), Refused("never"), MOVED)
DELETING: tuple[Outcome, ...] = (Doubted("?"), Failed("no"), Undeletable("too old"), Throttled(0.0), Gone("kicked"))
MOVES = {"post": POSTING, "probe": PROBING, "edit": EDITING, "delete": DELETING}


class AnyOrder(RuleBasedStateMachine):
    """What callers, workers and people may do."""

    home: Home

    def __init__(self) -> None:
        super().__init__()
        self.notices: dict[UUID, str] = {}
        self.calls, self.stale = list[Claimed](), list[Claimed]()
        self.numbers = count(100)
        self.do(EMPTY)
        for slug in ("a", "b"):
            self.home.do(a_channel(self.home.pool, slug, can_ask=slug == "a"))
        self.do("update channel set last_reference = '1'")
        self.do(FRESH)

    def do(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = self.home.do(self.home.pool.fetch(statement, *values))
        return rows

    @precondition(lambda self: len(self.notices) < 2)  # few, so that much befalls each
    @rule(policy=st.sampled_from(POLICIES))
    def hand_in(self, policy: str) -> None:
        notice = a_notice(in_doubt=policy)
        done = self.home.do(accept(self.home.pool, Routing(), notice, Origin("mensa", "test")))
        self.notices[done.id] = notice.event_id

    @precondition(lambda self: self.notices)
    @rule(data=st.data(), policy=st.sampled_from(POLICIES), title=st.sampled_from(TITLES))
    def correct(self, data: st.DataObject, policy: str, title: str) -> None:
        number, event = data.draw(st.sampled_from(sorted(self.notices.items())))
        notice = a_notice(event_id=event, in_doubt=policy, texts={"it": {"title": title}})
        with suppress(StateConflictError):  # a withdrawn notice cannot be corrected, and says so
            self.home.do(amend(self.home.pool, Routing(), Change(number, "mensa", "test", None), notice))

    @precondition(lambda self: self.notices)
    @rule(data=st.data(), delete=st.booleans())
    def take_back(self, data: st.DataObject, delete: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
        number = data.draw(st.sampled_from(sorted(self.notices)))
        self.home.do(withdraw(self.home.pool, Change(number, "mensa", "test", None), delete=delete))

    @rule()
    def claim(self) -> None:
        self.do(HASTEN)
        self.do(IN_LINE)
        self.do("update channel set free_at = 'epoch'")
        taken = self.home.do(claimed(self.home.pool, lease=3600))
        self.calls += sorted(taken.calls, key=lambda call: call.owed.slug)

    @rule(data=st.data())
    def take_a_turn(self, data: st.DataObject) -> None:
        """Claim and carry out, each call to an end of its own."""
        self.claim()
        while self.calls:
            call = self.calls.pop(0)
            good = Delivered((str(next(self.numbers)),))
            self._record(call, data.draw(st.sampled_from((good, Doubted("?"), good, *MOVES[call.intent.action]))))

    @precondition(lambda self: self.calls)
    @rule(arrives=st.booleans())
    def succeed(self, arrives: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
        """Let the oldest call reach the platform; whether the answer reaches us is another matter."""
        call = self.calls.pop(0)
        reference = str(next(self.numbers))
        self._record(call, Delivered((reference,)) if arrives else Doubted("the answer was lost"))

    @precondition(lambda self: self.calls)
    @rule(arrives=st.booleans())
    def pause_meanwhile(self, arrives: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
        """Stop the channel of the oldest call until that has come to an end."""
        self.pause_one(self.calls[0].owed.slug)
        self.succeed(arrives)
        self.mend_channels()

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def go_wrong(self, data: st.DataObject) -> None:
        call = self.calls.pop(0)
        self._record(call, data.draw(st.sampled_from(MOVES[call.intent.action])))

    @precondition(lambda self: self.calls)
    @rule()
    def return_it(self) -> None:
        call = self.calls.pop(0)
        self.home.do(give_back(self.home.pool, plain(), call))

    @precondition(lambda self: self.calls)
    @rule()
    def die(self) -> None:
        """Forget all calls, as a killed worker does; their leases lapse and are swept."""
        self.stale += self.calls
        self.calls = []
        self.do(OVERDUE)
        self.home.do(sweep(self.home.pool))

    @precondition(lambda self: self.stale)
    @rule()
    def wake_up(self) -> None:
        """Write what a worker that was taken for dead still wanted to say: it must change nothing."""
        before = self.do("select * from delivery order by id")
        assert self._record(self.stale.pop(), Delivered(("9999",))) == set()
        assert self.do("select * from delivery order by id") == before

    @rule(decision=st.sampled_from(["sent", "not_sent", "give_up"]), known=st.booleans())
    def decide_one(self, decision: Any, known: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
        references = [str(next(self.numbers))] if known and decision == "sent" else []
        for row in self.do(HELD):
            assert self.home.do(decide(self.home.pool, row["id"], decision, references))

    @rule()
    def mend_everything(self) -> None:
        self.mend_channels()
        dead = [row["id"] for row in self.do("select id from delivery where state = 'dead' order by id")]
        assert self.home.do(redrive(self.home.pool, dead)) == len(dead)

    @rule(slug=st.sampled_from(["a", "b"]))
    def pause_one(self, slug: str) -> None:
        """Stop a channel, whatever is on the wire."""
        self.home.do(paused(self.home.engine, slug))

    @rule()
    def mend_channels(self) -> None:
        for row in self.do(PAUSED):
            self.home.do(resume(self.home.pool, row["id"]))

    @invariant()
    def is_sound(self) -> None:
        assert self.do(UNSOUND) == []

    def teardown(self) -> None:
        """Everything settles once nothing goes wrong any more."""
        self.die() if self.calls else None
        self.mend_channels()
        for _ in range(60):
            if not self.do(OPEN):
                return
            self.claim()
            while self.calls:
                call = self.calls.pop(0)
                asking = call.intent.action == "probe"
                self._record(call, Absent() if asking else Delivered((str(next(self.numbers)),)))
        assert self.do(OPEN) == []

    def _record(self, call: Claimed, outcome: Outcome) -> set[int]:
        settlement = settle(call.owed.progress, call.intent, outcome, datetime.now(UTC), 0.0)
        done = Done(call.owed, call.intent, call.token, outcome, settlement, Wire.RESPONSE, timedelta(0))
        return {delivery for delivery, _ in self.home.do(record(self.home.pool, [done]))}

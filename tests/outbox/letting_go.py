# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Hand in, correct, let go, break the glass, withdraw and post in any order: nothing shows what nobody has let go."""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from app.amend import Change, amend, withdraw
from app.audit import Actor
from app.countersign import Word, countersign
from app.domain.errors import CampanellaError, ForbiddenError, StateConflictError
from app.domain.outcome import Delivered
from app.intake import Origin, accept
from app.routing import Routing, Snapshot
from tests.given import a_channel, a_notice
from tests.outbox.conftest import claimed, recorded
from tests.reliability.home import Home

EMPTY = """
with a as (delete from attempt), d as (delete from delivery), r as (delete from revision), m as (delete from media),
     s as (delete from countersign), c as (delete from channel)
delete from notice
"""
HASTEN = "update delivery set due_at = now() where state = 'due'"
SHOWN = "select shown, state from delivery where notice_id = $1 order by id"
OPERATORS = ("anna", "maria")


@dataclass
class Told:
    """What is known of a notice: the author of each revision, which are broadcasts, which were let go."""

    event: str
    authors: list[str] = field(default_factory=list)
    broadcast: list[bool] = field(default_factory=list)
    released: set[int] = field(default_factory=set)
    withdrawn: bool = False

    @property
    def revision(self) -> int:
        return len(self.authors)

    def may_go(self, revision: int) -> bool:
        return not self.broadcast[revision - 1] or revision in self.released

    def add(self, author: str, *, broadcast: bool) -> None:
        self.authors.append(author)
        self.broadcast.append(broadcast)

    def refusal(self, word: Word, who: str) -> type[CampanellaError] | None:
        """Say with what a word must be refused."""
        if self.withdrawn or word.revision != self.revision or not self.broadcast[-1]:
            return StateConflictError
        return ForbiddenError if word.why is None and self.authors[-1] == who else None


class LettingGo(RuleBasedStateMachine):
    """What sources, operators and workers may do, where urgent broadcasts need a second person."""

    home: Home

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[UUID, Told] = {}
        self.routing = Routing(Snapshot(second_person=True))
        self.home.do(self.home.pool.execute(EMPTY))
        self.home.do(a_channel(self.home.pool, "tutti"))
        self.home.do(a_channel(self.home.pool, "nidi", grades=["nidi"]))

    @precondition(lambda self: len(self.told) < 2)
    @rule(urgent=st.booleans(), wide=st.booleans())
    def hand_in(self, *, urgent: bool, wide: bool) -> None:
        notice = a_notice(**self._form(1, urgent=urgent, wide=wide))
        done = self.home.do(accept(self.home.pool, self.routing, notice, Origin("mensa", "source")))
        assert done.waits == (urgent and wide)
        self.told[done.id] = Told(notice.event_id)
        self.told[done.id].add("source", broadcast=urgent and wide)

    @precondition(lambda self: self.told)
    @rule(
        which=st.integers(0, 1),
        author=st.sampled_from(("source", *OPERATORS)),
        urgent=st.booleans(),
        wide=st.booleans(),
    )
    def correct(self, *, which: int, author: str, urgent: bool, wide: bool) -> None:
        number, told = self._one(which)
        form = self._form(told.revision + 1, urgent=urgent, wide=wide)
        change = Change(number, "mensa", author, None)
        try:
            self.home.do(amend(self.home.pool, self.routing, change, a_notice(event_id=told.event, **form)))
        except StateConflictError:
            assert told.withdrawn
        else:
            told.add(author, broadcast=urgent and wide)

    @precondition(lambda self: self.told)
    @rule(which=st.integers(0, 1), who=st.sampled_from(OPERATORS), alone=st.booleans(), late=st.booleans())
    def let_go(self, *, which: int, who: str, alone: bool, late: bool) -> None:
        number, told = self._one(which)
        word = Word(max(1, told.revision - late), who.title(), "nobody answers" if alone else None)
        refusal = told.refusal(word, who)
        try:
            fresh = self.home.do(self._signed(number, word, who))
        except CampanellaError as error:
            assert type(error) is refusal  # noqa: PT017 - which one it must be is known beforehand
        else:
            assert refusal is None
            assert fresh == (word.revision not in told.released)
            told.released.add(word.revision)

    @precondition(lambda self: self.told)
    @rule(which=st.integers(0, 1), delete=st.booleans())
    def take_back(self, *, which: int, delete: bool) -> None:
        number, told = self._one(which)
        self.home.do(withdraw(self.home.pool, Change(number, "mensa", "source", None), delete=delete))
        told.withdrawn = True

    @rule()
    def post(self) -> None:
        """Carry out all that may go; every word of it was let go."""
        self.home.do(self.home.pool.execute(HASTEN))
        while (taken := self.home.do(claimed(self.home.pool))).calls or taken.ended:
            for call in taken.calls:
                told = self.told[call.owed.notice_id]
                if said := re.match(r"revision (\d+) ", call.intent.payload):
                    assert told.may_go(int(said[1]))
                self.home.do(recorded(self.home.pool, call, Delivered(("1",))))
        for number, told in self.told.items():
            self._is_shown_as_it_may(number, told)

    @precondition(lambda self: self.told)
    @rule(which=st.integers(0, 1), who=st.sampled_from(OPERATORS))
    def let_go_and_post(self, *, which: int, who: str) -> None:
        self.let_go(which=which, who=who, alone=True, late=False)
        self.post()

    def teardown(self) -> None:
        self.post()

    def _is_shown_as_it_may(self, number: UUID, told: Told) -> None:
        rows: list[asyncpg.Record] = self.home.do(self.home.pool.fetch(SHOWN, number))
        if told.withdrawn:
            assert {row["state"] for row in rows} == {"withdrawn"}
        elif told.may_go(told.revision):
            assert {row["state"] for row in rows} <= {"delivered", "withdrawn"}
        else:
            assert {row["state"] for row in rows} == {"due"}
            assert told.revision not in {row["shown"] for row in rows}

    def _one(self, which: int) -> tuple[UUID, Told]:
        number = sorted(self.told)[which % len(self.told)]
        return number, self.told[number]

    def _form(self, revision: int, *, urgent: bool, wide: bool) -> dict[str, Any]:
        audience = {} if wide else {"grades": ["primaria"]}
        texts = {"it": {"title": f"revision {revision}"}}
        return {"priority": "urgent" if urgent else "normal", "audience": audience, "texts": texts}

    async def _signed(self, number: UUID, word: Word, who: str) -> bool:
        async with self.home.pool.acquire() as connection, connection.transaction():
            return await countersign(connection, number, word, Actor(who))

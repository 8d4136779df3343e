# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The machine of any_order with what people and time do besides: dates and approvals."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.amend import Change, amend
from app.approve import Consent, approve
from app.audit import Actor
from app.domain.errors import StateConflictError
from app.intake import Origin, accept
from app.routing import Routing
from tests.given import a_notice
from tests.reliability.any_order import POLICIES, TITLES, AnyOrder

GUARDED = "zh-Hans"
GUARD = "update service set approvals = array[$1] where slug = 'mensa'"
SPEAKS = "update channel set language = $1 where slug = 'b'"
LATEST = "select revision from notice where id = $1"
SOMETIMES = st.sampled_from((False, False, True))


class AnyLife(AnyOrder):
    """One of the channels speaks a language whose texts need an approval; a notice may be for next year."""

    def __init__(self) -> None:
        super().__init__()
        self.approved: set[tuple[UUID, str]] = set()
        self.later: set[UUID] = set()
        self.do(GUARD, GUARDED)
        self.do(SPEAKS, GUARDED)

    @precondition(lambda self: len(self.notices) < 2)
    @rule(policy=st.sampled_from(POLICIES), guarded=st.booleans(), later=SOMETIMES)
    def hand_in(self, policy: str, guarded: bool, later: bool) -> None:  # noqa: FBT001 - Hypothesis draws them
        notice = a_notice(**_form(policy, TITLES[0], guarded=guarded, later=later))
        done = self.home.do(accept(self.home.pool, Routing(), notice, Origin("mensa", "test")))
        self.notices[done.id] = notice.event_id
        self._put_off(done.id, later=later)

    @precondition(lambda self: self.notices)
    @rule(
        data=st.data(),
        policy=st.sampled_from(POLICIES),
        title=st.sampled_from(TITLES),
        guarded=st.booleans(),
        later=SOMETIMES,
    )
    def correct(  # the date is brought forward, put off or left
        self,
        data: st.DataObject,
        policy: str,
        title: str,
        guarded: bool,  # noqa: FBT001 - Hypothesis draws it
        later: bool,  # noqa: FBT001 - Hypothesis draws it
    ) -> None:
        self._correct(data.draw(st.sampled_from(sorted(self.notices))), policy, title, guarded=guarded, later=later)

    @precondition(lambda self: self.notices)
    @rule(data=st.data())
    def approve_one(self, data: st.DataObject) -> None:
        """Let a text go as it is now; of what is withdrawn, or has none, there is nothing to approve."""
        self._approve(data.draw(st.sampled_from(sorted(self.notices))))

    @rule()
    def claim(self) -> None:
        super().claim()
        for call in self.calls:
            text = call.owed.notice.texts.get(GUARDED)
            if text is not None and call.owed.slug == "b" and call.owed.progress.wanted is not None:
                asks = call.intent.action == "probe"
                assert asks or (call.owed.notice_id, str(text.title)) in self.approved, "nobody has approved it"

    def teardown(self) -> None:
        """Bring forward what is put off and approve what waits: then everything settles, as ever."""
        for number in sorted(self.later):
            self._correct(number, "repeat", TITLES[0], guarded=True, later=False)
        for number in sorted(self.notices):
            self._approve(number)
        super().teardown()

    def _correct(self, number: UUID, policy: str, title: str, *, guarded: bool, later: bool) -> None:
        form = _form(policy, title, guarded=guarded, later=later)
        notice = a_notice(event_id=self.notices[number], **form)
        with suppress(StateConflictError):  # a withdrawn notice cannot be corrected, and says so
            self.home.do(amend(self.home.pool, Routing(), Change(number, "mensa", "test", None), notice))
            self._put_off(number, later=later)

    def _put_off(self, number: UUID, *, later: bool) -> None:
        (self.later.add if later else self.later.discard)(number)

    def _approve(self, number: UUID) -> None:
        (row,) = self.do(LATEST, number)
        with suppress(StateConflictError):
            self.home.do(self._consent(number, row["revision"]))

    async def _consent(self, number: UUID, revision: int) -> None:
        async with self.home.pool.acquire() as connection, connection.transaction():
            await approve(connection, number, Consent(GUARDED, revision, "Mediatrice"), "key", Actor("admin"))
            text = "select content #>> $2 from notice where id = $1"
            title = await connection.fetchval(text, number, ["texts", GUARDED, "title"])
        self.approved.add((number, title))


def _form(policy: str, title: str, *, guarded: bool, later: bool) -> dict[str, Any]:
    texts = {"it": {"title": title}} | ({GUARDED: {"title": title}} if guarded else {})
    return {"in_doubt": policy, "texts": texts} | ({"publish_at": "2099-01-01T00:00:00Z"} if later else {})

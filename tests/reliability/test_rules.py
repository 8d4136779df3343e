# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Each rule of the checker is broken on purpose: one line of a good history is changed, and just that rule is named."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from deploy.checker import Entry, Violation, check
from deploy.checker.check import RULES
from deploy.checker.notices import Revision
from tests.reliability.history import (
    CHINESE,
    GITA,
    MENSA,
    MENU,
    NIDO,
    SCUOLA,
    Edit,
    History,
    at,
    good,
    revision,
    took_away,
    tried,
    wrote,
)

OWED, ANSWERED = "I1 whatever is accepted is owed", "I1 what was answered 202 is stored"
SEEN, GONE = "I2 delivered means seen there", "I2 deleted means gone"
ONCE, ASKED = "I3 one post per notice and channel", "I3 whoever can be asked is asked"
DOUBTED, INTENDED = "I4 a second try only after a recorded doubt", "I4 an intent before every post"
LEFT, IN_TIME = "I4 no doubt of what never left", "I5 nothing after expiry or withdrawal"
REACHABLE, IN_ORDER = "I6 reachable by Postgres alone", "I7 in order per channel"
WAITS, APPROVED = "I8 nothing waits for an approval that was given", "I8 nothing is shown that nobody has approved"
PACE, OTHERS = "no 429 caused by us", "nothing of other people's is touched"
OWNED, SETTLES = "every post belongs to a delivery", "everything settles"
UNCLEAR = (tried("post", 1), tried("post", 12, "doubted", part=1), tried("probe", 16, "unclear"))
HELD = (tried("post", 6, "doubted"),)


def edited(number: int, chat: str, message: int, notice: UUID) -> Entry:
    return wrote(number, chat, message, notice, 35, method="editMessageText", did="edited")


def taken_back(history: History, seconds: float = 40) -> History:
    return history.notice(MENSA, withdrawn_at=at(seconds), over_at=at(seconds))


def revised(history: History, revisions: dict[int, Revision]) -> History:
    return history.notice(MENSA, revisions=revisions)


def corrected(history: History, ends: float | None = None, priority: str = "normal") -> History:
    """Let the second post of a notice be of a correction, which has a time of its own."""
    line = (priority, None)
    before = history.records.notices[MENSA].revisions[1]
    revisions = {1: before, 2: replace(revision("Mensa chiusa", written=9, ends=ends), line=line)}
    return revised(history, revisions).attempt(2, 1, revision=2, started_at=at(9.5))


def hasty(history: History) -> History:
    return history.also(wrote(20, NIDO, 0, MENSA, 30, did="refused", messages=(), code=429))


def stood_still(since: float) -> Entry:
    """Let the stand-in stand still for half a second."""
    return Entry(21, at(since), "machine", "standstill", None, "nothing", (), "", None, None, timedelta(seconds=0.5))


def slowly_up(history: History) -> History:
    """Let a post begin in time, and be complete when that is over."""
    up = history.entry(5, at=at(99), took=timedelta(seconds=3.1))
    return up.attempt(2, 1, finished_at=None)


def twice(history: History) -> History:
    """Post once more, with an intent, what is not repeated."""
    again = history.row(1, attempts=(tried("post", 1), tried("post", 3)))
    return again.also(wrote(20, SCUOLA, 9, MENSA, 3.1))


def unasked(history: History) -> History:
    """Let the doubt of a channel that can be asked end without any question."""
    return history.row(5, attempts=(tried("post", 21, "doubted"), tried("delete", 41)))


def not_urgent(history: History) -> History:
    """Let what came between the two posts of another notice be no more urgent than that."""
    return history.row(4, rank=at(200))


BROKEN: list[tuple[str, str, Edit]] = [
    (OWED, "is owed to 3 channels, but has 2 deliveries", lambda h: h.notice(MENSA, owed=3)),
    (OWED, "the account is not exact", lambda h: h.row(1, state="lost")),
    (ANSWERED, "is not there", lambda h: History(h.records, h.entries, (UUID(int=99),))),
    (SEEN, "77 was never posted by us", lambda h: h.row(1, references=("77",))),
    (SEEN, "has no reference", lambda h: h.row(3, references=())),
    (SEEN, "shows revision 1, not 2", lambda h: h.row(1, wanted=2)),
    (SEEN, "6 was never posted by us", lambda h: h.row(4, references=("6",))),
    (SEEN, "which is also that of delivery 2", lambda h: h.row(4, references=("2",))),
    (SEEN, "3 shows something else", lambda h: h.also(edited(3, NIDO, 3, MENU))),
    (SEEN, "2 does not show revision 1", lambda h: revised(h, {1: revision("Mensa aperta")})),
    (
        SEEN,
        "2 does not say that it is withdrawn",
        lambda h: h.row(1, state="withdrawn").notice(MENSA, withdrawn_at=at(40)),
    ),
    (SEEN, "claims 5, which is deleted", lambda h: h.row(5, references=("5",))),
    (SEEN, "claims 2, which we have deleted", lambda h: h.also(took_away(20, SCUOLA, 2, 30))),
    (SEEN, "claims 9, which we have deleted", lambda h: h.row(1, items=("2", "9")).also(took_away(20, SCUOLA, 9, 30))),
    (GONE, "but [5] still stands", lambda h: h.without(11)),
    (ONCE, "was posted 1 times too often", twice),
    (ASKED, "nobody has asked", lambda h: h.row(5, state="held", askable=True, attempts=HELD, wanted=1)),
    (ASKED, "delivery 5", unasked),
    (ASKED, "delivery 4", lambda h: h.row(4, attempts=(tried("post", 6, "doubted"), tried("post", 8)))),
    (DOUBTED, "without a doubt on record", lambda h: h.attempt(3, 0, finished_at=at(15))),
    (INTENDED, "entry 1 went out without an intent", lambda h: h.attempt(1, 0, started_at=at(2))),
    (LEFT, "never left, and is in doubt", lambda h: h.attempt(3, 0, wire="none")),
    (IN_TIME, "was taken up 1.00 s after its time", lambda h: revised(h, {1: revision("Mensa chiusa", ends=11)})),
    (IN_TIME, "was posted 2.10 s after its time", lambda h: h.entry(5, at=at(102.1)).attempt(2, 1, finished_at=None)),
    (IN_TIME, "was posted 2.10 s after its time", slowly_up),
    (IN_TIME, "was posted 2.10 s after its time", lambda h: corrected(h, ends=10).entry(5, at=at(12.1))),
    (IN_TIME, "was posted after it had been withdrawn", lambda h: taken_back(h, 11)),
    (IN_TIME, "s after it had been withdrawn", lambda h: taken_back(corrected(h), 13).entry(5, at=at(110.1))),
    (REACHABLE, "is parked, but its channel is not paused", lambda h: h.row(7, parked=True)),
    (REACHABLE, "is final but leased", lambda h: h.row(1, lease_until=at(50))),
    (REACHABLE, "leased without its channel's turn", lambda h: h.row(7, lease_until=at(70))),
    (REACHABLE, "in doubt about nothing", lambda h: h.row(7, state="in_doubt")),
    (IN_ORDER, "3 overtook 4 of delivery 2", not_urgent),
    (IN_ORDER, "3 overtook 6 of delivery 1", lambda h: h.entry(1, messages=(6,)).row(1, references=("6",))),
    (IN_ORDER, "4 overtook 5 of delivery 5", lambda h: h.row(5, ready_at=at(5), rank=at(10))),
    (IN_ORDER, "stands in the wrong order: 4, 2", lambda h: h.row(2, references=("4", "2"))),
    (WAITS, "waits for a text in ar, which its notice does not have", lambda h: h.row(6, awaits="ar")),
    (WAITS, "which its service does not ask for", lambda h: h.notice(GITA, guarded=frozenset())),
    (WAITS, "which is approved", lambda h: h.notice(GITA, approvals=(("zh", 1),))),
    (APPROVED, "that nobody has approved", lambda h: h.entry(7, text=f"{CHINESE} {h.entries[6].text}")),
    (PACE, "entry 20", hasty),
    (PACE, "entry 20", lambda h: hasty(h).also(stood_still(27.4))),
    (PACE, "entry 20", lambda h: hasty(h).also(stood_still(30.1))),
    (OTHERS, "entry 20", lambda h: h.also(edited(20, NIDO, 6, MENSA))),
    (OWNED, "entry 20", lambda h: h.also(wrote(20, SCUOLA, 9, MENU, 30))),
    (OWNED, "entry 20", lambda h: h.also(wrote(20, SCUOLA, 9, MENU, 30, text="Avviso"))),
    (OWNED, "entry 20", lambda h: h.also(wrote(20, SCUOLA, 9, MENU, 30, text="Prova di Campanella"))),
    (SETTLES, "delivery 7", lambda h: h.row(7, ready_at=at(59))),
]
"""The rule, words of what it says, and what is changed."""


KEPT: dict[str, Edit] = {
    "a good history": lambda h: h,
    "nothing is approved for a retired channel": lambda h: h.notice(GITA, approvals=(("zh", 1),)).row(
        6, retired_at=at(40)
    ),
    "a correction has more time": lambda h: corrected(revised(h, {1: revision("Mensa chiusa", ends=11)})),
    "a correction has a post more": lambda h: corrected(not_urgent(h)),
    "a correction is of another rank": lambda h: corrected(not_urgent(h), priority="urgent").attempt(2, 1, revision=1),
    "a person approves late": lambda h: h.row(6, ready_at=at(1), rank=at(50)),
    "a person decides late": lambda h: h.row(5, ready_at=at(5), rank=at(10)).attempt(5, 1, outcome="unclear"),
    "a check proves later that one can ask": lambda h: unasked(h).entry(12, at=at(30)),
    "nobody knows behind which post to ask": lambda h: unasked(h.row(2, state="dead", attempts=UNCLEAR)),
    "a board has no numbers": lambda h: h.row(1, kind="noticeboard", references=("/bacheca/scuola/avvisi/1",)),
    "a claim was before the commit": lambda h: h.notice(MENSA, withdrawn_at=at(11), over_at=at(12)),
    "it came at once for a stand-in that had stood still": lambda h: hasty(h).also(stood_still(29)),
    "an album has lost its caption": lambda h: h.also(wrote(20, SCUOLA, 9, MENU, 30, method="sendMediaGroup", text="")),
}


def verdict(history: History) -> list[Violation]:
    return check(history.records, history.entries, history.accepted)


@pytest.mark.parametrize("why", KEPT)
def test_a_good_history_breaks_no_rule(why: str) -> None:
    assert verdict(KEPT[why](good())) == []


@pytest.mark.parametrize(("rule", "words", "edit"), BROKEN, ids=[f"{rule[:2]} {words}" for rule, words, _ in BROKEN])
def test_one_line_that_is_wrong_makes_just_its_rule_be_named(rule: str, words: str, edit: Edit) -> None:
    found = verdict(edit(good()))

    assert {each.rule for each in found} == {rule}
    assert any(words in each.what for each in found)


def test_every_rule_is_broken_by_some_history() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(RULES)

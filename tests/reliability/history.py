# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A history in which every promise was kept, written by hand: rows and a journal, to be spoiled line by line.

Two channels. `scuola` cannot be asked: a notice, one that was repeated after a doubt, one that waits for its approval
and shows its other text meanwhile, one that is put off. `nido` can be asked: the same notice in two posts, an urgent
one between them, one that was in doubt, was found, and is deleted, and the silent test post of a check.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from deploy.checker import Entry, Records
from deploy.checker.evidence import code_of
from deploy.checker.notices import Notice, Revision
from deploy.checker.rows import Attempt, Delivery

SCUOLA, NIDO = "-1001", "-1002"
MENSA, PISCINA, NEVE, MENU, GITA, FESTA = (UUID(int=number) for number in range(1, 7))
TITLES = {MENSA: "Mensa chiusa", PISCINA: "Piscina", NEVE: "Neve", MENU: "Menu", GITA: "Gita", FESTA: "Festa"}
CHINESE = "郊游"
PLACES = {SCUOLA: ("scuola", UUID(int=11)), NIDO: ("nido", UUID(int=12))}


def at(seconds: float) -> datetime:
    return datetime(2027, 1, 8, 7, tzinfo=UTC) + timedelta(seconds=seconds)


@dataclass(frozen=True)
class History:
    """What the rows say and what the journal says; each method gives another history, in which one thing is different.

    `accepted`: what callers were told.
    """

    records: Records
    entries: tuple[Entry, ...]
    accepted: tuple[UUID, ...] = tuple(TITLES)

    def row(self, number: int, **members: Any) -> Self:
        rows = (replace(row, **members) if row.id == number else row for row in self.records.deliveries)
        return replace(self, records=replace(self.records, deliveries=tuple(rows)))

    def notice(self, which: UUID, **members: Any) -> Self:
        notices = {**self.records.notices, which: replace(self.records.notices[which], **members)}
        rows = tuple(replace(row, notice=notices[row.notice.id]) for row in self.records.deliveries)
        return replace(self, records=replace(self.records, notices=notices, deliveries=rows))

    def attempt(self, row: int, which: int, **members: Any) -> Self:
        tries = list(next(each for each in self.records.deliveries if each.id == row).attempts)
        tries[which] = replace(tries[which], **members)
        return self.row(row, attempts=tuple(tries))

    def entry(self, number: int, **members: Any) -> Self:
        return replace(
            self, entries=tuple(replace(each, **members) if each.number == number else each for each in self.entries)
        )

    def also(self, *entries: Entry) -> Self:
        return replace(self, entries=(*self.entries, *entries))

    def without(self, number: int) -> Self:
        return replace(self, entries=tuple(each for each in self.entries if each.number != number))


Edit = Callable[[History], History]


def tried(action: str, start: float, outcome: str = "delivered", **members: Any) -> Attempt:
    ordinary = Attempt(action, 0, 1, at(start), at(start + 0.5), outcome, "response")
    return replace(ordinary, **members)


def wrote(number: int, chat: str, message: int, notice: UUID, when: float, **members: Any) -> Entry:
    """Give a post of a notice; what is written into it is its title and its code."""
    text = f"{TITLES[notice]}\n{code_of(notice)}"
    post = Entry(number, at(when), "bot", "sendMessage", int(chat), "accepted", (message,), text, 200, None)
    return replace(post, **members)


def took_away(number: int, chat: str, message: int, when: float) -> Entry:
    return Entry(number, at(when), "bot", "deleteMessage", int(chat), "deleted", (message,), "", 200, None)


def revision(title: str, *, written: float = 0, ends: float | None = 100, **more: str) -> Revision:
    """Give a revision with an Italian title, and with others by their language."""
    texts = {tag: {"title": each} for tag, each in {"it": title, **more}.items()}
    return Revision(at(written), None if ends is None else at(ends), ("normal", None), texts)


def _notice(which: UUID, owed: int = 1, policy: str = "hold", **members: Any) -> Notice:
    ordinary = Notice(
        id=which,
        owed=owed,
        revision=1,
        policy=policy,
        withdrawn_at=None,
        over_at=None,
        committed_at=at(0),
        revisions={1: revision(TITLES[which])},
        guarded=frozenset(),
        approvals=(),
    )
    return replace(ordinary, **members)


def _row(number: int, notice: Notice, address: str, ready: float, *attempts: Attempt, **members: Any) -> Delivery:
    slug, channel = PLACES[address]
    ordinary = Delivery(
        id=number,
        notice=notice,
        channel_id=channel,
        slug=slug,
        kind="telegram",
        address=address,
        state="delivered",
        wanted=1,
        shown=1,
        references=(),
        items=(),
        unknown=0,
        erase=False,
        rank=at(ready + 60),
        ready_at=at(ready),
        due_at=at(ready),
        parked=False,
        paused_at=None,
        retired_at=None,
        lease_until=None,
        turn_until=None,
        has_intent=False,
        can_ask=address == NIDO,
        askable=False,
        awaits=None,
        last_error="",
        attempts=attempts,
    )
    return replace(ordinary, **members)


def good() -> History:
    """Give the history as it should be."""
    notices = [
        _notice(MENSA, owed=2),
        _notice(PISCINA, policy="repeat"),
        _notice(NEVE, policy="repeat"),
        _notice(MENU, withdrawn_at=at(40), over_at=at(40)),
        _notice(GITA, revisions={1: revision(TITLES[GITA], zh=CHINESE)}, guarded=frozenset({"zh"})),
        _notice(FESTA, revisions={1: revision(TITLES[FESTA], ends=None)}),
    ]
    mensa, piscina, neve, menu, gita, festa = notices
    rows = (
        _row(1, mensa, SCUOLA, 0, tried("post", 1), references=("2",)),
        _row(2, mensa, NIDO, 0, tried("post", 1), tried("post", 12, part=1), references=("2", "4")),
        _row(3, piscina, SCUOLA, 5, tried("post", 6, "doubted"), tried("post", 14), references=("4",)),
        _row(4, neve, NIDO, 5, tried("post", 8), references=("3",), rank=at(-1000)),
        _row(
            5,
            menu,
            NIDO,
            20,
            *(tried("post", 21, "doubted"), tried("probe", 25), tried("delete", 41)),
            state="withdrawn",
            wanted=None,
            erase=True,
        ),
        _row(6, gita, SCUOLA, 20, tried("post", 21), references=("5",), awaits="zh"),
        _row(7, festa, SCUOLA, 500, state="due", shown=None),
    )
    entries = (
        wrote(1, SCUOLA, 2, MENSA, 1.1),
        wrote(2, NIDO, 2, MENSA, 1.2),
        wrote(3, SCUOLA, 3, PISCINA, 6.1, fault="answer_reset"),
        wrote(4, NIDO, 3, NEVE, 8.1),
        wrote(5, NIDO, 4, MENSA, 12.1),
        wrote(6, SCUOLA, 4, PISCINA, 14.1),
        wrote(7, SCUOLA, 5, GITA, 21.1),
        wrote(8, NIDO, 5, MENU, 21.2, fault="answer_reset"),
        wrote(9, NIDO, 5, MENU, 25.1, method="editMessageText", did="refused", messages=(), code=400),
        Entry(10, at(30), "human", "human-post", int(NIDO), "accepted", (6,), "Auguri", None, None),
        took_away(11, NIDO, 5, 41.1),
        wrote(12, NIDO, 1, MENU, -20, text="Prova di Campanella 0a1b2c3d"),
        took_away(13, NIDO, 1, -18),
    )
    return History(Records(at(60), {notice.id: notice for notice in notices}, rows), entries)

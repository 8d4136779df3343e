# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The documents of the board: each is read by one statement and rendered."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from app.board.answer import Document
from app.board.atom import TYPE as ATOM_TYPE
from app.board.atom import atom
from app.board.boards import Board
from app.board.calendar import TYPE as CALENDAR_TYPE
from app.board.calendar import calendar
from app.board.entry import Choice, Entry
from app.board.feed import Feed
from app.board.json_feed import TYPE as JSON_TYPE
from app.board.json_feed import json_feed
from app.board.noticeboard import Noticeboard
from app.board.pages import page
from app.board.places import ATOM, CALENDAR, JSON
from app.board.reading import AT_ONCE, Found, archived, current, fed, one
from app.board.sound import BrokenError, written, written_alone
from app.board.words import words_for
from app.domain.errors import NotFoundError

HTML = "text/html; charset=utf-8"
Written = Callable[[Feed, Sequence[Entry]], bytes]
Lists = dict[str, Sequence[Entry]]
FEEDS: dict[str, tuple[str, Written]] = {
    ATOM: (ATOM_TYPE, atom),
    JSON: (JSON_TYPE, json_feed),
    CALENDAR: (CALENDAR_TYPE, calendar),
}


@dataclass(frozen=True, slots=True)
class Showing:
    """What was read, the notices of it that a page shows, and the lists that its template makes of them."""

    found: Found
    entries: Sequence[Entry]
    lists: Callable[[Sequence[Entry]], Lists]


async def boards(house: Noticeboard) -> Document:
    """Show which boards there are."""
    hung, now = await house.hung(), datetime.now(UTC)
    return Document(page("boards.html", words=words_for("it"), **house.frame()), HTML, hung.since, now)


async def front(house: Noticeboard, place: str, choice: Choice) -> Document:
    """Show what is in force, urgent first."""
    board = await house.board(place)
    found = await current(house.pool, board.id)
    chosen = [entry for entry in found.entries if choice.takes(entry)]

    def lists(entries: Sequence[Entry]) -> Lists:
        urgent = [entry for entry in entries if entry.is_urgent]
        return {"urgent": urgent, "entries": [entry for entry in entries if not entry.is_urgent]}

    showing = Showing(found, chosen, lists)
    return await _page(house, board, showing, "front.html", choice=choice, offers=_offers(found.entries))


async def archive(house: Noticeboard, place: str, number: int) -> Document:
    """Show one page of all that was ever shown."""
    board = await house.board(place)
    found = await archived(house.pool, board.id, number)
    total = max(1, -(-found.total // AT_ONCE))
    if number > total:
        raise NotFoundError
    showing = Showing(found, found.entries, lambda entries: {"entries": entries})
    return await _page(house, board, showing, "archive.html", number=number, total=total)


async def notice(house: Noticeboard, place: str, number: UUID) -> Document:
    """Show one notice, also where it is over, withdrawn or replaced. Raises NotFoundError, or BrokenError of ours."""
    board, hung = await house.board(place), await house.hung()
    found = await one(house.pool, board.id, number)
    if not found.entries:
        raise BrokenError if found.broken else NotFoundError
    frame = {**_frame(house, board), "entry": found.entries[0]}
    body = written_alone(partial(page, "notice.html", **frame), number)
    return Document(body, HTML, max(found.modified or board.since, hung.since), found.now)


async def feed(house: Noticeboard, place: str, choice: Choice, file: str) -> Document:
    """Write a feed of what is in force and of what has lately changed."""
    board = await house.board(place)
    found = await fed(house.pool, board.id)
    media_type, write = FEEDS[file]
    chosen, whole = [entry for entry in found.entries if choice.takes(entry)], Feed(house.telling(board), choice, file)
    body = written(partial(write, whole), chosen)
    return Document(body, media_type, found.modified or board.since, found.now)


async def _page(house: Noticeboard, board: Board, showing: Showing, template: str, **values: object) -> Document:
    hung, found = await house.hung(), showing.found
    frame = {**_frame(house, board), **values}
    body = written(lambda entries: page(template, **frame, **showing.lists(entries)), showing.entries)
    return Document(body, HTML, max(found.modified or board.since, hung.since), found.now)


def _frame(house: Noticeboard, board: Board) -> dict[str, object]:
    telling = house.telling(board)
    return {"telling": telling, "words": telling.words, "board": board, **house.frame()}


def _offers(entries: Iterable[Entry]) -> dict[str, object]:
    """Give what a reader can choose among: the services and audiences that the notices in force name."""
    services: dict[str, str] = {}
    audience: dict[str, set[str]] = {"grades": set(), "schools": set(), "areas": set()}
    for entry in entries:
        services[entry.shown.service] = entry.shown.service_name
        for name, values in audience.items():
            values.update(getattr(entry.shown, name))
    named = sorted(services.items(), key=lambda pair: pair[1].casefold())
    return {"services": named, **{name: sorted(values) for name, values in audience.items()}}

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Many notices in one request: all of them or none, or, if the caller prefers, those that are good."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.access import Caller
from app.api import cloudevents
from app.api.acceptance import announce, located, origin_of, refuse_unfit
from app.api.admission import beyond, let_in
from app.api.arrivals import Arrival
from app.api.batch_view import BatchAnswer, BatchItem, item_of
from app.api.house import House
from app.api.keeper import Keeper
from app.api.preferences import LENIENT, is_lenient
from app.api.reading import MOST_ERRORS, Where, pointer, read, validated
from app.api.view import answer
from app.database import Connection
from app.domain.errors import CampanellaError, EqualTextError, EventExistsError, InvalidNoticeError, TooLargeError
from app.domain.notice import Notice
from app.intake import Accepted, Answer, Origin, Wish, wish_for
from app.metrics import NOTICES as COUNTED
from app.together import Around, accept_together

MOST, LARGEST = 100, 1024 * 1024
Read = Callable[[Caller, object, Where], tuple[Notice, Origin]]


class BatchNotStoredError(InvalidNoticeError):
    """Nothing of the batch was stored: each entry of errors points to what is wrong with one of its items."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """The items of a batch by their place: those that could be read, and what is wrong with the others."""

    wishes: Mapping[int, Wish]
    refused: Mapping[int, CampanellaError]
    inside: Where


async def receive_events(house: House, caller: Caller, arrival: Arrival) -> Response:
    """Receive a batch of CloudEvents in the JSON format."""
    return await _received(
        house, caller, arrival, _items(house, caller, arrival.body, cloudevents.structured, ("data",))
    )


async def receive_notices(house: House, caller: Caller, arrival: Arrival) -> Response:
    """Receive a list of notices in our own form."""
    return await _received(house, caller, arrival, _items(house, caller, arrival.body, _plain, ()))


def _plain(caller: Caller, body: object, where: Where) -> tuple[Notice, Origin]:
    return validated(Notice, json.dumps(body).encode(), InvalidNoticeError, where), origin_of(caller)


def _items(house: House, caller: Caller, body: bytes, reader: Read, inside: Where) -> _Batch:
    given = read(body)
    if not isinstance(given, list):
        raise InvalidNoticeError("A batch is a list.", pointer="#")
    if len(given) > MOST:
        raise TooLargeError(f"A batch has at most {MOST} items.", limit=MOST)
    wishes: dict[int, Wish] = {}
    refused: dict[int, CampanellaError] = {}
    for place, each in enumerate(given):
        try:
            notice, origin = reader(caller, each, (place,))
            refuse_unfit(house, caller, notice, pointer((place, *inside)))
        except CampanellaError as error:
            refused[place] = error
        else:
            wishes[place] = wish_for(notice, origin)
    return _Batch(wishes, refused, inside)


class _Storing(Around):
    """Makes the answer of a batch, and keeps it under the caller's key in the transaction of the notices."""

    def __init__(self, house: House, request: Request, batch: _Batch, keeper: Keeper | None) -> None:
        self._house, self._request, self._batch, self._keeper = house, request, batch, keeper
        self.lenient = is_lenient(request)

    async def before(self, connection: Connection) -> None:
        if self._keeper is not None:
            await self._keeper.reserve(connection)

    async def after(self, connection: Connection, answers: Mapping[int, Answer]) -> None:
        if self._keeper is not None:
            await self._keeper.keep(connection, self.response(self.placed(answers)))

    def placed(self, answers: Mapping[int, Answer]) -> dict[int, Answer]:
        """Give every answer its place in the batch, and the way to it where one was refused."""
        places = list(self._batch.wishes)
        found = {places[number]: each for number, each in answers.items()}
        whole = {place: self._led(place, each) for place, each in found.items()} | dict(self._batch.refused)
        return dict(sorted(whole.items()))

    def _led(self, place: int, each: Answer) -> Answer:
        if isinstance(each, EventExistsError | EqualTextError):
            each = located(self._house, each)
        if isinstance(each, CampanellaError) and each.pointer is not None:
            where = pointer((place, *self._batch.inside)) + each.pointer.removeprefix("#")
            members: dict[str, Any] = each.members
            return type(each)(each.detail, pointer=where, **members)
        return each

    def response(self, answers: Mapping[int, Answer]) -> Response:
        """Answer 202 with an item for each."""
        items: list[BatchItem] = [item_of(self._house, self._request, place, each) for place, each in answers.items()]
        applied = {"Preference_Applied": LENIENT} if self.lenient else {}
        return answer(BatchAnswer(items=items), 202, **applied)


async def _received(house: House, caller: Caller, arrival: Arrival, batch: _Batch) -> Response:
    storing = _Storing(house, arrival.request, batch, arrival.keeper)
    if batch.refused and not storing.lenient:
        raise _not_stored(batch.refused)
    answers = storing.placed(await _stored(house, caller, list(batch.wishes.values()), storing))
    refused = {place: each for place, each in answers.items() if isinstance(each, CampanellaError)}
    if refused and not storing.lenient:
        raise _not_stored(refused)
    COUNTED.labels("refused").inc(len(refused))
    for each in answers.values():
        if isinstance(each, Accepted):
            announce(house, caller.source or "", each)
    return storing.response(answers)


async def _stored(house: House, caller: Caller, wishes: list[Wish], storing: Around) -> dict[int, Answer]:
    """Store what is good; where nothing is, there is nothing to let in, and beyond the quota no answer either."""
    if wishes:
        async with let_in(house, caller, [wish.notice.priority for wish in wishes]):
            return await accept_together(house.database.pool, house.routing, wishes, storing)
    exceeded = beyond(caller.excess)
    if exceeded is not None:
        raise exceeded
    return {}


def _not_stored(refused: Mapping[int, CampanellaError]) -> CampanellaError:
    """Say what is wrong with a whole batch: each place, none of what was sent."""
    places = [place for number, error in refused.items() for place in _places(number, error)]
    members: dict[str, Any] = {"errors": places[:MOST_ERRORS]}
    if len(places) > MOST_ERRORS:
        members["more_errors"] = len(places) - MOST_ERRORS
    lasting = all(type(error) is InvalidNoticeError for error in refused.values())
    kind = InvalidNoticeError if lasting else BatchNotStoredError
    return kind(BatchNotStoredError.__doc__ or "", **members)


def _places(number: int, error: CampanellaError) -> list[dict[str, Any]]:
    given: Any = error.members.get("errors")
    if given:
        return list(given)
    return [{"pointer": error.pointer or pointer((number,)), "detail": error.detail, "rule": error.problem}]

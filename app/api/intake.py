# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""POST /notices: the way in, kept quick."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.access import Caller
from app.api import bulletins, cloudevents
from app.api.acceptance import hand_over, origin_of
from app.api.admission import turn_away_early
from app.api.alerts import MEDIA as ALERTS
from app.api.arrivals import Arrival, Arrivals, Medium
from app.api.batch_view import BatchAnswer
from app.api.batches import LARGEST, receive_events, receive_notices
from app.api.callers import Sender
from app.api.cloudevent_examples import EVENT_BATCH, EVENT_BATCHES, EVENTS_SCHEMA, NOTICE_BATCHES, NOTICES_SCHEMA
from app.api.cloudevent_headers import is_announced
from app.api.cloudevent_parameters import InBinaryMode
from app.api.cloudevents import receive_binary
from app.api.confirming import Confirming
from app.api.document_answers import PLACED
from app.api.examples import NOTICES
from app.api.house import House, Open
from app.api.idempotency import Making, Once
from app.api.keeper import Keeper
from app.api.notice_view import NoticeSummary
from app.api.reading import JSON, read, validated
from app.api.replying import Answering, Awaited
from app.api.routes import QuickRoute
from app.domain.errors import InvalidNoticeError
from app.domain.notice import Notice

HEEDED = {"headers": {"Preference-Applied": {"$ref": "#/components/headers/PreferenceApplied"}}}
SETTLED = {
    "model": NoticeSummary,
    "description": "Stored, and nothing of it is open any more; only with `Prefer: wait`.",
    "headers": {**HEEDED["headers"], **PLACED},
}
router = APIRouter(route_class=QuickRoute, tags=["Notices"])


async def _plain(house: House, caller: Caller, arrival: Arrival) -> Response:
    """Receive a notice as our own JSON, or as the data of an event whose attributes are headers."""
    if is_announced(arrival.request.headers.raw):
        return await receive_binary(house, caller, arrival)
    read(arrival.body)
    notice = validated(Notice, arrival.body, InvalidNoticeError)
    return await hand_over(house, caller, notice, origin_of(caller), arrival.keeper)


# One row for each form in which a notice may come; the first is the one that the docs page tries.
ARRIVALS = Arrivals(
    Medium(JSON, _plain, Notice, NOTICES, says_priority=True, beside=True),
    cloudevents.MEDIUM,
    Medium(EVENT_BATCH, receive_events, EVENTS_SCHEMA, EVENT_BATCHES, LARGEST, says_priority=True, beside=True),
    *ALERTS,
    bulletins.MEDIUM,
)


BATCHES = Arrivals(Medium(JSON, receive_notices, NOTICES_SCHEMA, NOTICE_BATCHES, LARGEST, says_priority=True))


@router.post(
    "/notices",
    status_code=202,
    summary="Hand in a notice",
    responses={200: SETTLED, 202: HEEDED, 204: {}, 409: {}},
    response_model=NoticeSummary | BatchAnswer,
)
async def hand_in_notice(
    caller: Sender,
    arrival: Annotated[Arrival, Depends(ARRIVALS)],
    house: Open,
    once: Making,
    awaited: Awaited,
    _confirming: Confirming,
    _event: InBinaryMode,
) -> Response:
    """Store a notice together with everything it owes, then answer; what is answered with 202 is never lost.

    `event_id` is the natural key: the same content again answers the same notice with `Idempotent-Replayed: true` and
    owes nothing new, also when many copies arrive at once. Other content under the same `event_id` is refused with 409.
    """
    return await _received(house, caller, arrival, once, awaited)


@router.post(
    "/notices/batch",
    status_code=202,
    summary="Hand in many notices",
    responses={202: HEEDED, 409: {}},
    response_model=BatchAnswer,
)
async def hand_in_batch(
    caller: Sender,
    arrival: Annotated[Arrival, Depends(BATCHES)],
    house: Open,
    once: Making,
    awaited: Awaited,
    _confirming: Confirming,
) -> Response:
    """Store up to 100 notices in one transaction: all, or none if anything is wrong with one of them.

    With `Prefer: handling=lenient` those that are good are stored, and each item of the answer says what became of it.
    A notice that was stored before, by an earlier call or an earlier item, is answered as the one that is there.
    """
    return await _received(house, caller, arrival, once, awaited)


async def _received(house: House, caller: Caller, arrival: Arrival, once: Once, awaited: Answering) -> Response:
    turn_away_early(house, caller, arrival.body, says_priority=arrival.medium.says_priority)

    async def receive(keeper: Keeper | None = None) -> Response:
        await awaited.expect(house, caller)
        return await arrival.medium.receive(house, caller, replace(arrival, keeper=keeper))

    stored = await (receive() if once.key is None else once.given(house, caller, arrival.body, receive))
    return await awaited.waited(house, caller, stored)

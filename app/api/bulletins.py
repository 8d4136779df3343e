# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The national bulletin, received at POST /notices: a notice for each zone and day of which something is new."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from app.access import Caller
from app.alerts.bulletin import LARGEST, MEDIA_TYPE, Bulletin, parse
from app.alerts.bulletin_day import MOST_MEMBERS
from app.alerts.notices import SERVICE
from app.alerts.telling import tell
from app.alerts.whole import Hand
from app.alerts.zones import zones_of
from app.api.acceptance import announce
from app.api.admission import let_in
from app.api.alert_examples import BULLETINS
from app.api.arrivals import Arrival, Medium
from app.api.batch_view import BatchAnswer, item_of
from app.api.house import House
from app.api.notice_view import links
from app.api.reading import read
from app.api.view import answer, no_content
from app.domain.errors import EventExistsError, ForbiddenError, InvalidNoticeError, StateConflictError, UnfitNowError
from app.domain.notice import Priority
from app.intake import Accepted, Answer
from app.telemetry import log

AHEAD = timedelta(hours=1)
"""How far the name of a bulletin may be ahead: it says of which days it is, and a wrong one would tell wrong days."""
MOST = 100
FUTURE = "The name is of a time to come; it is the time at which the bulletin is issued, and says of which days it is."
NO_ZONES = "This installation tells of no alert zone: CAMPANELLA_ALERT_ZONES names them."
DESCRIPTION = (
    "The national bulletin of hydrogeological criticality: the name of its files and, as they are published, the "
    "GeoJSON of today and tomorrow (one of them may be missing, and so may every geometry). What has not been told of "
    "the zones of this installation becomes a notice for each zone and day; the answer lists those of this issue, and "
    "is 204 where nothing is to be told. A zone or level that cannot be read keeps nothing else back: it is an item "
    "with 422 and the place in its problem, and the operators are told; where nothing can be read, all is refused."
)
NAMED = "^2[01][0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]_([01][0-9]|2[0-3])[0-5][0-9]$"
OPEN: dict[str, Any] = {"type": "object", "maxProperties": MOST_MEMBERS, "additionalProperties": {}}
"""What may hold more than we read: the authorities publish it as they like."""
COLLECTION = {
    **OPEN,
    "required": ["type", "features"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {
            "type": "array",
            "minItems": 0,
            "maxItems": 1000,
            "items": {"description": "A zone, with its name and levels in `properties`."},
        },
    },
}
SCHEMA = {
    **OPEN,
    "description": DESCRIPTION,
    "required": ["id"],
    "anyOf": [{"required": ["today"]}, {"required": ["tomorrow"]}],
    "properties": {
        "id": {
            "type": "string",
            "pattern": "^2[01][0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]_([01][0-9]|2[0-3])[0-5][0-9]$",
            "maxLength": 13,
        },
        "today": COLLECTION,
        "tomorrow": COLLECTION,
    },
}


async def receive_bulletin(house: House, caller: Caller, arrival: Arrival) -> Response:
    """Tell what is new; the body is read in a thread, since a whole one is large."""
    if not caller.may_speak_of(SERVICE):
        raise ForbiddenError("This source may not speak of this service.")
    zones = zones_of(house.settings.alert_zones)
    if not zones:
        raise StateConflictError(NO_ZONES)
    bulletin = await asyncio.to_thread(_parsed, arrival.body, zones, ZoneInfo(house.settings.timezone))
    if bulletin.issued_at > datetime.now(UTC) + AHEAD:
        raise UnfitNowError(FUTURE, pointer="#/id")
    hand = Hand(house.database.pool, house.routing, caller.source or "", caller.author, zones)
    async with let_in(house, caller, [Priority.URGENT]):
        telling = await tell(hand, bulletin)
    _announce(house, hand.source, telling.notices, telling.withdrawn)
    told: list[Answer] = [*telling.notices, *_refused(house, telling.refused), *_doubts(hand.source, bulletin)]
    if not told:
        return no_content()
    items = [item_of(house, arrival.request, place, each) for place, each in enumerate(told[:MOST])]
    return answer(BatchAnswer(items=items), 202)


def _parsed(body: bytes, zones: Collection[str], zone: ZoneInfo) -> Bulletin:
    return parse(read(body), zones, zone)


def _refused(house: House, errors: Sequence[EventExistsError]) -> list[EventExistsError]:
    """Say which zone and day could not be told, by the notice that stands under their name."""
    known = [links(house.public, UUID(str(error.members["notice"]))).here for error in errors]
    return [EventExistsError(pointer="#/id", notice=here) for here in known]


def _doubts(source: str, bulletin: Bulletin) -> list[InvalidNoticeError]:
    """Say what is wrong with a part of the bulletin, as if it had come alone."""
    if bulletin.doubts:
        log.warning("bulletin.doubted", source=source, count=len(bulletin.doubts))
    return [InvalidNoticeError(each.detail, pointer=each.pointer) for each in bulletin.doubts]


def _announce(house: House, source: str, notices: Sequence[Accepted], withdrawn: Sequence[UUID]) -> None:
    for number in withdrawn:
        log.info("notice.withdrawn", notice=str(number))
        house.doorbell.ring()
    for accepted in notices:
        announce(house, source, accepted)


MEDIUM = Medium(MEDIA_TYPE, receive_bulletin, SCHEMA, BULLETINS, LARGEST)

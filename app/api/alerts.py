# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the authorities publish, received at POST /notices: CAP 1.2."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from starlette.responses import Response

from app.access import Caller
from app.alerts.cap import LARGEST, Alert, parse
from app.alerts.notices import SERVICE, Zones, link_of, priority_of, said_of
from app.alerts.taking import Taken, take
from app.alerts.whole import Hand
from app.alerts.zones import zones_of
from app.api.acceptance import FOREIGN, acknowledged, seen_now
from app.api.admission import let_in
from app.api.alert_examples import CAP
from app.api.arrivals import Arrival, Medium
from app.api.house import House
from app.api.notice_view import links
from app.api.view import no_content
from app.domain.errors import EventExistsError, ForbiddenError, PersonalDataError, UnfitNowError
from app.domain.hosts import host_of
from app.domain.leading import is_among
from app.domain.personal import accounts_in, first_certain
from app.telemetry import log

EXISTS = "This identifier was used for other content. An update is a message of its own that refers to the earlier one."
AHEAD = timedelta(minutes=5)
"""How far the clock of an authority may be ahead of ours."""
DESCRIPTION = (
    "A CAP 1.2 document (OASIS), with one info for each language. An Alert becomes a notice, an Update amends the one "
    "that its references name, a Cancel withdraws it and says so in a notice of its own."
)
XML = {"type": "string", "maxLength": LARGEST, "pattern": r"^[^\x00]*$", "description": DESCRIPTION}


async def receive_cap(house: House, caller: Caller, arrival: Arrival) -> Response:
    """Act on an alert; 204 where it ends something of which nobody was told."""
    zones = zones_of(house.settings.alert_zones)
    alert = checked(caller, arrival.body, zones, house.settings.own_ibans)
    hand = Hand(house.database.pool, house.routing, caller.source or "", caller.author, zones)
    try:
        async with let_in(house, caller, [priority_of(alert)]):
            taken = await take(hand, alert)
    except EventExistsError as error:
        where = links(house.public, UUID(str(error.members["notice"])))
        raise EventExistsError(EXISTS, pointer="#/alert/identifier", notice=where.here) from None
    if taken is None:
        return no_content()
    return await _answered(house, hand.source, taken)


def checked(caller: Caller, body: bytes, zones: Zones, own_ibans: str = "") -> Alert:
    """Read a message that this caller may hand in, or say why not, before anything is changed."""
    alert = parse(body)
    if not caller.may_speak_of(SERVICE):
        raise ForbiddenError("This source may not speak of this service.")
    _refuse_future(alert)
    _refuse_foreign(caller, alert)
    found = first_certain(said_of(alert, zones), accounts_in(own_ibans))
    if found is not None:
        raise PersonalDataError(pointer=_place(alert, found[0]))
    return alert


def _refuse_future(alert: Alert) -> None:
    """A message of tomorrow would make every other one about this alert come too late."""
    if alert.sent > datetime.now(UTC) + AHEAD:
        raise UnfitNowError("The message is sent in the future.", pointer="#/alert/sent")


def _refuse_foreign(caller: Caller, alert: Alert) -> None:
    for place, info in enumerate(alert.infos):
        href = link_of(info)
        if href is not None and caller.link_hosts and not is_among(host_of(href), caller.link_hosts):
            raise UnfitNowError(FOREIGN, pointer=f"#/alert/info/{place}/web")


def _place(alert: Alert, pointer: str) -> str:
    """Give the info that a place in the notice comes from, or the whole alert."""
    places = {info.language: place for place, info in enumerate(alert.infos)}
    _, member, *rest = pointer.split("/")
    return f"#/alert/info/{places[rest[0]]}" if member == "texts" and rest[0] in places else "#/alert"


async def _answered(house: House, source: str, taken: Taken) -> Response:
    for number in taken.withdrawn:
        log.info("notice.withdrawn", notice=str(number))
    if taken.withdrawn:
        house.doorbell.ring()
    if taken.notice is not None and taken.accepted is not None:
        return await acknowledged(house, taken.notice, source, taken.accepted)
    log.info("notice.amended", notice=str(taken.number))
    house.doorbell.ring()
    return await seen_now(house, taken.number, source, replayed=False)


MEDIA = (
    Medium("application/cap+xml", receive_cap, XML, CAP, LARGEST),
    Medium("application/xml", receive_cap, XML, CAP, LARGEST),
)

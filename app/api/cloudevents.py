# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""CloudEvents become notices: binary and structured mode, and one event of a batch."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from app.access import Caller
from app.api.acceptance import hand_over, origin_of
from app.api.arrivals import Arrival, Medium
from app.api.cloudevent import TRACE, Event, Place, event_from, refused
from app.api.cloudevent_examples import CLOUDEVENT, EVENTS
from app.api.cloudevent_headers import attributes_in, header
from app.api.house import House
from app.api.reading import Where, plain_name, pointer, read, validated
from app.domain.errors import ForbiddenError, InvalidNoticeError
from app.domain.notice import Notice
from app.intake import Origin
from app.trace import adopted

STRUCTURED = "application/cloudevents+json"
JSON_TYPES = frozenset({"application/json", "application/json;charset=utf-8"})
UNREGISTERED = (
    "This source may not send events of that event source. An operator registers it as one of event_sources "
    "with PATCH /v1/sources/{slug}."
)


async def receive_binary(house: House, caller: Caller, arrival: Arrival) -> Response:
    """Receive an event whose attributes are headers and whose data is the body."""
    event = event_from(attributes_in(arrival.request.headers.raw), header)
    notice = noticed(event, read(arrival.body), ())
    return await hand_over(house, caller, notice, origin(caller, event, header), arrival.keeper)


async def receive_structured(house: House, caller: Caller, arrival: Arrival) -> Response:
    """Receive an event that is the whole body; headers beside it do not count."""
    notice, where_from = structured(caller, read(arrival.body), ())
    return await hand_over(house, caller, notice, where_from, arrival.keeper)


MEDIUM = Medium(
    STRUCTURED,
    receive_structured,
    {"$ref": "#/components/schemas/CloudEvent"},
    EVENTS,
    components=CLOUDEVENT,
    says_priority=True,
    beside=True,
)


def structured(caller: Caller, body: object, where: Where) -> tuple[Notice, Origin]:
    """Read an event in the JSON format; `where` is its place in a batch."""
    if not isinstance(body, dict):
        raise InvalidNoticeError("An event is an object.", pointer=pointer(where))

    def place(name: str) -> dict[str, str]:
        return {"pointer": pointer((*where, plain_name(name)))}

    attributes = {name: value for name, value in body.items() if name not in ("data", "data_base64")}
    event = event_from(attributes, place)
    where_from = origin(caller, event, place)
    return noticed(event, _data(body, event, place), (*where, "data")), where_from


def noticed(event: Event, data: object, where: Where) -> Notice:
    """Make the notice that an event brings: its id is the event_id, its expirytime what the data leaves open."""
    if not isinstance(data, dict):
        raise InvalidNoticeError("The data of an event is a notice, an object.", pointer=pointer(where))
    if data.get("event_id", event.id) != event.id:
        raise InvalidNoticeError("The event_id differs from the event's id.", pointer=pointer((*where, "event_id")))
    whole = {**data, "event_id": event.id}
    if whole.get("expires_at") is None and event.expires_at is not None:
        whole["expires_at"] = event.expires_at.isoformat()
    return validated(Notice, json.dumps(whole).encode(), InvalidNoticeError, where)


def origin(caller: Caller, event: Event, place: Place) -> Origin:
    """Say whose event it is; the first event source of a source goes by no name, as a plain notice does."""
    if event.source not in caller.event_sources:
        raise refused(place("source"), UNREGISTERED, ForbiddenError)
    named = "" if event.source == caller.event_sources[0] else event.source
    trace = adopted(*(event.extensions.get(name) for name in TRACE))
    return replace(origin_of(caller, named, event.context()), trace=trace)


def _data(body: Mapping[str, Any], event: Event, place: Place) -> object:
    """Give the data of an event in the JSON format; a text is never parsed again."""
    stated = event.about.get("datacontenttype")
    if stated is not None and stated.lower().replace(" ", "").replace('"', "") not in JSON_TYPES:
        raise refused(place("datacontenttype"), "The data of an event is a notice in JSON.", InvalidNoticeError)
    if body.get("data_base64") is None:
        return body.get("data")
    if body.get("data") is not None:
        raise refused(place("data"), "An event has data or data_base64, not both.")
    if stated is None:
        raise refused(place("data_base64"), "Bytes are a notice only with datacontenttype.", InvalidNoticeError)
    return read(_bytes(body["data_base64"], place))


def _bytes(text: object, place: Place) -> bytes:
    try:
        return base64.b64decode(str(text), validate=isinstance(text, str))
    except (binascii.Error, ValueError):
        raise refused(place("data_base64"), "This is not base64.") from None

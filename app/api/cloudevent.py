# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A CloudEvent 1.0.2 and the rules of its attributes, in whatever mode it came."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.errors import CampanellaError, InvalidEventError, InvalidNoticeError, UnfitNowError
from app.domain.instant import OUT_OF_BOUNDS, is_near
from app.domain.uri import is_uri, is_uri_reference

REQUIRED = ("id", "source", "specversion", "type")
TEXTS = ("id", "source", "specversion", "type", "subject", "time", "dataschema", "datacontenttype")
NAME = re.compile(r"[a-z0-9]{1,64}")
EVENT_ID = re.compile(r"[\x21-\x7e]{1,200}")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
NO_CHARACTERS = "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
UNSPEAKABLE = re.compile(rf"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{NO_CHARACTERS}]")
MOST_EXTENSIONS = 20
LONGEST = 1024
"""Bytes of one attribute."""
SMALLEST, LARGEST = -(2**31), 2**31 - 1
AHEAD = timedelta(minutes=5)
TRACE = ("traceparent", "tracestate")
EMPTY = "The value is empty; leave the attribute out."
FORMS: dict[str, tuple[Callable[[str], object], str, type[CampanellaError]]] = {
    "specversion": (lambda text: text == "1.0", "The version is 1.0.", InvalidEventError),
    "source": (is_uri_reference, "The source is a URI or a reference to one (RFC 3986).", InvalidEventError),
    "dataschema": (is_uri, "The dataschema is a URI with its scheme.", InvalidEventError),
    "subject": (bool, EMPTY, InvalidEventError),
    "datacontenttype": (bool, EMPTY, InvalidEventError),
    "id": (EVENT_ID.fullmatch, "An id is of 1 to 200 printable ASCII characters.", InvalidNoticeError),
}
Place = Callable[[str], dict[str, str]]
"""Names where an attribute stands: a header, or a pointer into the body."""


@dataclass(frozen=True, slots=True)
class Event:
    """The attributes of an event, checked; extensions are text, truth or whole numbers of 32 bits."""

    id: str
    source: str
    about: Mapping[str, str]
    extensions: Mapping[str, str | bool | int]
    expires_at: datetime | None

    def context(self) -> str:
        """Give what is kept beside the notice, as JSON."""
        return json.dumps({**self.about, "extensions": self.extensions}, ensure_ascii=False)


def event_from(given: Mapping[str, Any], place: Place, now: datetime | None = None) -> Event:
    """Check the attributes; InvalidEventError names the first that breaks the specification."""
    present = {name: value for name, value in given.items() if value is not None}
    for name, value in present.items():
        _refuse_name(name, place)
        _refuse_value(name, value, place)
    for name in REQUIRED:
        if present.get(name, "") == "":
            raise refused(place(name), f"The attribute {name} is required.")
    _refuse_forms(present, place)
    _refuse_future(present, place, now or datetime.now(UTC))
    about = {name: present[name] for name in TEXTS if name in present and name not in ("id", "specversion")}
    extensions = {name: value for name, value in present.items() if name not in TEXTS}
    if len(extensions) > MOST_EXTENSIONS:
        raise refused(place(list(extensions)[MOST_EXTENSIONS]), f"More than {MOST_EXTENSIONS} extensions.")
    return Event(present["id"], present["source"], about, extensions, _expiry(extensions, place))


def refused(place: dict[str, str], sentence: str, wrong: type[CampanellaError] = InvalidEventError) -> CampanellaError:
    return wrong(sentence, errors=[{**place, "detail": sentence, "rule": wrong.problem}])


def _refuse_name(name: str, place: Place) -> None:
    if not NAME.fullmatch(name) or name == "data":
        raise refused(place(name), "The name of an attribute is of small letters and digits.")
    if name == "dataref":
        raise refused(place(name), "Send the notice itself; a reference to it is not followed.", InvalidNoticeError)


def _refuse_value(name: str, value: object, place: Place) -> None:
    if isinstance(value, bool | int) and name not in (*TEXTS, *TRACE):
        if not SMALLEST <= value <= LARGEST:
            raise refused(place(name), "A whole number has 32 bits.")
        return
    if not isinstance(value, str):
        raise refused(place(name), "The value of this attribute is of a type that it cannot have.")
    if UNSPEAKABLE.search(value):
        raise refused(place(name), "The value holds a control character, or what is no character.")
    if len(value.encode()) > LONGEST:
        raise refused(place(name), f"The value is longer than {LONGEST} bytes.")


def _refuse_forms(present: Mapping[str, Any], place: Place) -> None:
    for name, (is_good, sentence, wrong) in FORMS.items():
        if name in present and not is_good(present[name]):
            raise refused(place(name), sentence, wrong)


def _refuse_future(present: Mapping[str, Any], place: Place, now: datetime) -> None:
    if "time" in present and _moment("time", present["time"], place) > now + AHEAD:
        raise refused(place("time"), "The time of the event is in the future.", UnfitNowError)


def _expiry(extensions: Mapping[str, Any], place: Place) -> datetime | None:
    if "expirytime" not in extensions:
        return None
    moment = _moment("expirytime", extensions["expirytime"], place)
    if not is_near(moment):
        raise refused(place("expirytime"), f"This time cannot be counted with: {OUT_OF_BOUNDS}.", InvalidNoticeError)
    return moment


def _moment(name: str, value: object, place: Place) -> datetime:
    if isinstance(value, str) and TIMESTAMP.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # a day or an hour that does not exist
    raise refused(place(name), "Write the time as RFC 3339 does, with its offset.")

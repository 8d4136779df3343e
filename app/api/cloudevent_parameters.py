# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the document says of the headers of binary mode; they are read by app.api.cloudevent_headers."""

from typing import Annotated, Any

from fastapi import Depends, Header
from starlette.requests import Request

from app.api.cloudevent_examples import EVENT

LETTER, ESCAPE = "[!#$&-~]", "%[0-9A-Fa-f]{2}"
BARE = f"({LETTER}|{ESCAPE})(( |{LETTER}|{ESCAPE})*({LETTER}|{ESCAPE}))?"
QUOTED = r'"([ !#-\[\]-~]|\\[ -~])+"'
ON_THE_WIRE: dict[str, Any] = {"minLength": 1, "maxLength": 1024, "pattern": f"^({BARE}|{QUOTED})$"}
"""How the HTTP binding writes a text: printable ASCII, all else in percent escapes; quotes around it may be there."""
TOGETHER = (
    "Binary mode: the body, as `application/json`, is the data of a CloudEvent. Ce-Specversion, Ce-Id, Ce-Source and "
    "Ce-Type come together or not at all. Beside an event or a batch of events in the body they do not count; beside "
    "anything else the answer is 415."
)


def _header(name: str, said: str, **schema: Any) -> Any:
    """Describe an attribute as a header; nothing is asked of it here, since its problems are those of the event."""
    return Header(
        alias=f"Ce-{name.capitalize()}",
        description=said,
        json_schema_extra=schema if "enum" in schema else {**ON_THE_WIRE, **schema},
        examples=[EVENT[name]] if name in EVENT else None,
    )


Version = Annotated[str | None, _header("specversion", TOGETHER, enum=["1.0"])]
Id = Annotated[str | None, _header("id", "The event_id of the notice. See Ce-Specversion.", maxLength=600)]
Source = Annotated[
    str | None, _header("source", "One of the event_sources of whoever sends it. See Ce-Specversion.", maxLength=500)
]
Type = Annotated[str | None, _header("type", "What sort of event it is; it is kept. See Ce-Specversion.")]
Expiry = Annotated[
    str | None,
    _header(
        "expirytime", "The expires_at of the notice, where the body has none. Other attributes come like this one."
    ),
]


async def _described(
    _: Request,
    _version: Version = None,
    _id: Id = None,
    _source: Source = None,
    _type: Type = None,
    _expiry: Expiry = None,
) -> None:
    """Stand in the signature for the document's sake."""


InBinaryMode = Annotated[None, Depends(_described)]

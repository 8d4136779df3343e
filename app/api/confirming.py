# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""?confirm=true: the same text once more is meant."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Query
from starlette.requests import Request

from app.api.reading import plain_name
from app.confirmed import confirm
from app.domain.errors import InvalidParameterError

VALUES = {"true": True, "false": False}
UNKNOWN, NEITHER = "There is no such parameter here.", "Send true or false."
Wanted = Annotated[
    bool,
    Query(
        alias="confirm",
        description="true: hand it in although a notice of this source has had the same text within ten minutes.",
    ),
]


async def _confirming(request: Request, *, _wanted: Wanted = False) -> None:
    """Read the query by hand, as the hot path does with all that it takes."""
    if not request.scope["query_string"]:
        return
    for name, value in parse_qsl(request.scope["query_string"].decode(), keep_blank_values=True):
        if name != "confirm" or value not in VALUES:
            what = UNKNOWN if name != "confirm" else NEITHER
            rule = "unknown" if name != "confirm" else "form"
            raise InvalidParameterError(what, errors=[{"parameter": plain_name(name), "detail": what, "rule": rule}])
        if VALUES[value]:
            confirm()


Confirming = Annotated[None, Depends(_confirming)]

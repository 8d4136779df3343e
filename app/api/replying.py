# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a source hears what becomes of a notice beside asking: it is called (X-ReplyTo), or it waits (Prefer: wait)."""

import asyncio
import re
import time
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from app.access import Caller
from app.api.house import House
from app.api.keeper import Repeated
from app.api.notice_view import ONE, summaries
from app.api.preferences import HEADER as PREFER
from app.api.preferences import LONGEST as LONGEST_PREFER
from app.api.preferences import given, seconds_to_wait
from app.api.problems import REQUEST
from app.api.view import answer
from app.domain.errors import InvalidHeaderError
from app.reply import Reply, expect_reply

LONGEST = 20
"""Seconds that a caller may wait."""
LOOK, SLOWEST = 0.05, 0.5
KEPT = ("Location", "Idempotent-Replayed")
REPLY_TO = "X-ReplyTo"
TOO_LONG = f"Send at most {LONGEST_PREFER} characters."
NUMBER = re.compile(r"/v1/notices/([0-9a-f-]{36})$")
OWN = "select id from endpoint where source = $1 and url = $2 and retired_at is null"
OPEN = "select exists (select from delivery where notice_id = $1 and state in ('due', 'in_doubt'))"
NOT_OWN = "This is the address of no callback of this source. Make one with POST /v1/callbacks."
ReplyTo = Annotated[
    str | None,
    Header(
        alias=REPLY_TO,
        description=(
            "The address of a callback of this source. It is told all that becomes of this notice, whatever types of "
            "event it has chosen; its calls repeat the X-Correlation-ID of this answer."
        ),
        json_schema_extra={"maxLength": 2048, "format": "uri", "pattern": "^https://"},
        examples=["https://mensa.comune.example.it/campanella"],
    ),
]
Preferred = Annotated[
    str | None,
    Header(
        alias=PREFER,
        description=(
            f"wait=N: answer when nothing of the notice is open any more (200), at the latest after N seconds (202), "
            f"{LONGEST} at most; what is kept under an Idempotency-Key is the 202 with which it was stored, and it is "
            f"given again at once. handling=lenient: store the good ones of a batch."
        ),
        json_schema_extra={"maxLength": LONGEST_PREFER, "pattern": r"^.*$"},
        examples=["wait=1"],
    ),
]


class Answering:
    """What one request wishes of the answer to its notices."""

    def __init__(self, request: Request) -> None:
        """Read the headers; a preference that cannot be read is none (RFC 7240), but it has an end."""
        self._request = request
        self._reply_to = request.headers.getlist(REPLY_TO)
        if len(given(request)) > LONGEST_PREFER:
            raise InvalidHeaderError(errors=[{"parameter": PREFER, "detail": TOO_LONG, "rule": "string_too_long"}])
        self._wait = min(seconds_to_wait(request), LONGEST)

    async def expect(self, house: House, caller: Caller) -> None:
        """Let what is stored now be answered at the callback that was named; InvalidHeaderError if it is none."""
        endpoint: UUID | None = None
        if self._reply_to:
            endpoint = await house.database.pool.fetchval(OWN, caller.source, self._reply_to[0])
            if endpoint is None or len(self._reply_to) > 1:
                place = {"parameter": REPLY_TO, "detail": NOT_OWN, "rule": "unknown"}
                raise InvalidHeaderError(NOT_OWN, errors=[place])
        expect_reply(Reply(endpoint, self._request.scope[REQUEST]))

    async def waited(self, house: House, caller: Caller, response: Response) -> Response:
        """Hold the answer back until the notice is settled or the time is over; no connection is held meanwhile.

        One that was kept under an Idempotency-Key is given as it is.
        """
        found = NUMBER.search(response.headers.get("Location", ""))
        if not self._wait or found is None or isinstance(response, Repeated):
            return response
        number = UUID(found[1])
        with house.gate.crowd.stand_aside():
            settled = await _settled(house, number, time.monotonic() + self._wait)
        (seen,) = await summaries(house, await house.database.pool.fetch(ONE, number, caller.source))
        kept = {
            name: response.headers[name] for name in ("Location", "Idempotent-Replayed") if name in response.headers
        }
        applied = {"Preference_Applied": f"wait={self._wait}"}
        return answer(seen, 200 if settled else 202, **kept, **applied)


async def _settled(house: House, number: UUID, until: float) -> bool:
    pause = LOOK
    while await house.database.pool.fetchval(OPEN, number):
        if time.monotonic() + pause > until:
            return False
        await asyncio.sleep(pause)
        pause = min(SLOWEST, pause * 1.5)
    return True


async def _answering(request: Request, _reply: ReplyTo = None, _preferred: Preferred = None) -> Answering:
    return Answering(request)


Awaited = Annotated[Answering, Depends(_answering)]

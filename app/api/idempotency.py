# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Idempotency-Key: the same request again has the same answer, byte for byte, for seven days."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated

import asyncpg
from fastapi import Depends, Header
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from app.access import Caller
from app.api.admission import beyond
from app.api.fingerprint import fingerprint
from app.api.handlers import said
from app.api.house import House
from app.api.keeper import Keeper, KeptMeanwhileError
from app.api.problems import EXCESS
from app.api.reading import BODY
from app.database import Connection, driver_of
from app.domain.errors import (
    CampanellaError,
    EventExistsError,
    IdempotencyKeyInvalidError,
    InvalidNoticeError,
    RequestInProgressError,
)

HEADER = "Idempotency-Key"
QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
FORM = re.compile(r"[\x21-\x7e]{1,255}")
SHOWN = r'^([!#-~][!-~]{0,254}|"([!#-[\]-~]|\\["\\]){1,255}")$'
DURABLE = (EventExistsError, InvalidNoticeError)
"""Refusals that follow from the content alone: these very classes are kept, and of no subclass of them an instance.

What settings, an administrator or the clock may decide otherwise next time (UnfitNowError, PersonalDataError with the
accounts of the municipality) is looked at afresh.
"""
DESCRIPTION = (
    "Optional: a value of your own for this request, the same in every further try. For seven days the same request "
    "is answered with the first answer, byte for byte, and `Idempotent-Replayed: true`. It belongs to your source "
    "(or, without one, to your key). Other content under it is 422 `idempotency-key-reused`. Quotes around it are "
    "those of a Structured Field and no part of it."
)
Given = Annotated[
    str | None,
    Header(
        alias=HEADER,
        description=DESCRIPTION,
        # Shown, not asked for: what is wrong with a key has a problem of its own.
        json_schema_extra={"minLength": 1, "maxLength": 512, "pattern": SHOWN},
        examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ),
]
AROUND = 3
"""Looks for an earlier answer before a request is told that its twin is still under way."""


def key_in(request: Request) -> str | None:
    """Read the key, plain or as a Structured Field; None where there is none."""
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    value = given[0]
    quoted = QUOTED.fullmatch(value)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else value
    if len(given) > 1 or not FORM.fullmatch(key) or (value.startswith('"') and not quoted):
        raise IdempotencyKeyInvalidError(errors=[{"parameter": HEADER, "detail": NOT_VALID, "rule": "form"}])
    return key


NOT_VALID = "Send one value of 1 to 255 visible ASCII characters."
Run = Callable[[Keeper], Awaitable[Response]]


async def once(house: House, request: Request, keeper: Keeper, run: Run) -> Response:
    """Give the earlier answer, or run; `run` keeps its answer in the transaction of what it creates."""
    pool = house.database.pool
    for _ in range(AROUND):
        earlier = await keeper.earlier(pool)
        if earlier is not None:
            return earlier
        with suppress(KeptMeanwhileError):
            return await _answered(house, request, keeper, run)
    raise RequestInProgressError(wait=1)


async def _answered(house: House, request: Request, keeper: Keeper, run: Run) -> Response:
    try:
        response = await run(keeper)
    except CampanellaError as error:
        if type(error) not in DURABLE or beyond(request.scope.get(EXCESS)) is not None:
            raise
        response = await said(request, error)
    if not keeper.kept:  # nothing was made that the answer could be kept with
        with suppress(asyncpg.LockNotAvailableError):
            await keeper.keep_alone(house.database.pool, response)
    return response


class Once:
    """What makes one thing for one request, with its Idempotency-Key if it has one."""

    def __init__(self, request: Request) -> None:
        """Read the key, so that a wrong one is refused before anything is done."""
        self._request, self.key = request, key_in(request)

    async def given(self, house: House, caller: Caller, body: bytes, run: Run) -> Response:
        """Give the earlier answer to this body, or run."""
        return await once(house, self._request, self._keeper(caller, body), run)

    async def earlier(self, house: House, caller: Caller) -> Response | None:
        """Give the earlier answer, for what is not to be tried a second time."""
        return None if self.key is None else await self._keeper(caller, self._body).earlier(house.database.pool)

    async def made(
        self, house: House, caller: Caller, make: Callable[[AsyncSession], Awaitable[Response]], *, sealed: bool = False
    ) -> Response:
        """Make it in one transaction with the key's row; an answer that shows a secret is kept sealed."""

        async def run(keeper: Keeper) -> Response:
            async with house.database.sessions.begin() as session:
                connection = await driver_of(session)
                await keeper.reserve(connection)
                response = await make(session)
                await session.flush()
                await keeper.keep(connection, response)
            return response

        if self.key is None:
            async with house.database.sessions.begin() as session:
                return await make(session)
        return await once(house, self._request, self._keeper(caller, self._body, sealed=sealed), run)

    async def entered(
        self, house: House, caller: Caller, enter: Callable[[Connection], Awaitable[Response]], *, sealed: bool = False
    ) -> Response:
        """The same as `made`, for what is written by a plain connection."""
        pool = house.database.pool

        async def run(keeper: Keeper) -> Response:
            async with pool.acquire() as connection, connection.transaction():
                await keeper.reserve(connection)
                response = await enter(connection)
                await keeper.keep(connection, response)
            return response

        if self.key is None:
            async with pool.acquire() as connection, connection.transaction():
                return await enter(connection)
        return await once(house, self._request, self._keeper(caller, self._body, sealed=sealed), run)

    @property
    def _body(self) -> bytes:
        body: bytes = self._request.scope.get(BODY, b"")
        return body

    def _keeper(self, caller: Caller, body: bytes, *, sealed: bool = False) -> Keeper:
        """Make what keeps the answer; a sealed one can be read with the caller's own key only."""
        scope = caller.source or f"key:{caller.key}"
        secret = self._request.headers["authorization"].encode() if sealed else None
        return Keeper(scope, self.key or "", fingerprint(self._request, body), secret)


def was_made_now(response: Response) -> bool:
    """Tell whether something was made just now: the answer is no refusal, and no earlier one."""
    return response.status_code < HTTPStatus.MULTIPLE_CHOICES and "Idempotent-Replayed" not in response.headers


async def _once(request: Request, _: Given = None) -> Once:
    return Once(request)


Making = Annotated[Once, Depends(_once)]

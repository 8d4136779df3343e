# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which exception becomes which problem; nothing of an exception's own text leaves the process unless it is ours."""

from collections.abc import Iterator
from typing import Any

from asyncpg.exceptions import DataError
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.api.admission import beyond
from app.api.callers import forget_fallen
from app.api.edge import CALLER
from app.api.problems import EXCESS, MethodNotAllowedError, problem
from app.api.reading import plain_name
from app.api.reading import said as said_of
from app.database import AWAY, distrust
from app.domain.errors import (
    CampanellaError,
    EventExistsError,
    ForbiddenError,
    InvalidHeaderError,
    InvalidParameterError,
    MalformedBodyError,
    NotFoundError,
    QuotaExceededError,
    UnauthenticatedError,
    UnavailableError,
)
from app.metrics import NOTICES
from app.telemetry import log

SERVER_ERROR = 500
AWAY_ANSWER = "The database does not answer. Send the same again after the time named in Retry-After."


async def said(request: Request, error: CampanellaError) -> Response:
    """Answer with what is wrong; beyond the quota that comes before all else that is the caller's."""
    if error.status < SERVER_ERROR and not isinstance(error, QuotaExceededError):
        error = beyond(request.scope.get(EXCESS)) or error
    event = "access.refused" if isinstance(error, UnauthenticatedError | ForbiddenError) else "request.refused"
    lost = isinstance(error, UnauthenticatedError)
    caller = forget_fallen(request) if lost else request.scope.get(CALLER)
    log.info(event, problem=error.problem, pointer=error.pointer, caller=caller)
    if request.method == "POST" and request.url.path.endswith("/notices") and not isinstance(error, EventExistsError):
        NOTICES.labels("refused").inc()
    return problem(request.scope, error)


async def refused_by_the_framework(request: Request, error: HTTPException) -> Response:
    match error.status_code:
        case 404:
            return problem(request.scope, NotFoundError())
        case 405:
            return problem(request.scope, MethodNotAllowedError(), error.headers)
        case 400:
            return problem(request.scope, MalformedBodyError())
    log.error("request.failed", error=f"unexpected status {error.status_code}")
    return problem(request.scope, CampanellaError())


async def invalid(request: Request, error: RequestValidationError) -> Response:
    """A path that cannot exist is not found; a query or header that is wrong is named, without its value."""
    rows = error.errors()
    if any(row["loc"][0] == "path" for row in rows):
        return problem(request.scope, NotFoundError())
    complaints = [{"parameter": _parameter(row), "detail": _said(row), "rule": row["type"]} for row in rows]
    headers_only = all(row["loc"][0] == "header" for row in rows)
    return problem(request.scope, (InvalidHeaderError if headers_only else InvalidParameterError)(errors=complaints))


async def away(request: Request, error: Exception) -> Response:
    log.warning("request.refused", problem=UnavailableError.problem, error=type(error).__name__)
    await distrust(request.app.state.house.database.pool, error)
    return problem(request.scope, UnavailableError(AWAY_ANSWER))


async def by_sqlalchemy(request: Request, error: DBAPIError) -> Response:
    if any(isinstance(cause, AWAY) and not isinstance(cause, DataError) for cause in _causes(error)):
        return await away(request, error)
    return await crashed(request, error)


async def gone(request: Request, _: ClientDisconnect) -> Response:
    """Nobody is left to read this: the caller went away in the middle of the body."""
    return problem(request.scope, MalformedBodyError())


async def crashed(request: Request, error: Exception) -> Response:
    """The last resort: the place inside goes to the log, the caller gets the id to ask us by."""
    log.error("request.failed", exc_info=error)
    return problem(request.scope, CampanellaError())


def _parameter(row: Any) -> str:
    name = str(row["loc"][-1])
    return plain_name(name) if row["type"] == "extra_forbidden" else name


def _said(row: Any) -> str:
    if row["type"] == "extra_forbidden":
        return "There is no such parameter here."
    return said_of(row)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


HANDLERS: dict[Any, Any] = {
    CampanellaError: said,
    HTTPException: refused_by_the_framework,
    RequestValidationError: invalid,
    **dict.fromkeys(AWAY, away),
    PoolTimeoutError: away,
    DataError: crashed,
    DBAPIError: by_sqlalchemy,
    ClientDisconnect: gone,
    Exception: crashed,
}

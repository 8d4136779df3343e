# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every error of every path as a problem document (RFC 9457), and the one registry of problem types."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Scope

from app.channels import InvalidChannelError
from app.domain import errors
from app.domain.errors import CampanellaError

MEDIA_TYPE = "application/problem+json"
REQUEST = "campanella.request"
PUBLIC = "campanella.public"
ACCEPTS = "campanella.accepts"
"""The media types that an address takes, where it takes more than JSON."""


class MethodNotAllowedError(CampanellaError):
    """This address does not know the method. Allow names those it knows."""

    problem, status = "method-not-allowed", 405


class InvalidBodyError(CampanellaError):
    """The body is readable but breaks a rule. Each entry of errors names the place."""

    problem, status = "invalid-body", 422


class InvalidCursorError(CampanellaError):
    """The cursor is damaged, too old, or belongs to another list. Begin again without it."""

    problem, status = "invalid-cursor", 400


TITLES: dict[str, tuple[type[CampanellaError], str]] = {
    kind.problem: (kind, title)
    for kind, title in (
        (errors.MalformedBodyError, "The body cannot be read"),
        (errors.InvalidParameterError, "A parameter is not valid"),
        (InvalidCursorError, "The cursor is not valid"),
        (errors.UnauthenticatedError, "A valid key is needed"),
        (errors.ForbiddenError, "The key does not allow this"),
        (errors.NotFoundError, "There is nothing here"),
        (MethodNotAllowedError, "The method is not known here"),
        (errors.EventExistsError, "The event exists with other content"),
        (errors.StateConflictError, "The present state does not allow this"),
        (errors.PreconditionFailedError, "It has changed meanwhile"),
        (errors.PreconditionRequiredError, "The version must be named"),
        (errors.TooLargeError, "The body is too large"),
        (errors.UnsupportedMediaTypeError, "The media type is not accepted"),
        (errors.InvalidNoticeError, "The notice breaks a rule"),
        (InvalidBodyError, "The body breaks a rule"),
        (InvalidChannelError, "The channel cannot be used as it is"),
        (errors.UnknownServiceError, "There is no such service"),
        (CampanellaError, "Something went wrong on our side"),
        (errors.UnavailableError, "Not possible at this moment"),
    )
}
"""The registry: what /problems/{slug} explains and what `type` may name."""


def problem(scope: Scope, error: CampanellaError, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with what went wrong: the sentence, the place, and nothing of what was sent."""
    document: dict[str, Any] = {
        "type": f"{scope[PUBLIC]}/problems/{error.problem}",
        "title": TITLES[error.problem][1],
        "status": error.status,
        "detail": error.detail,
        "instance": f"urn:uuid:{scope[REQUEST]}",
        **error.members,
    }
    if error.pointer is not None and "errors" not in document:
        document["errors"] = [{"pointer": error.pointer, "detail": error.detail, "rule": error.problem}]
    body = json.dumps(document, ensure_ascii=False).encode()
    required = _required(error.status, scope)
    return Response(body, error.status, {**required, **(headers or {})}, MEDIA_TYPE)


def _required(status: int, scope: Scope) -> dict[str, str]:
    """Give the headers that must come with a status."""
    match status:
        case 401:
            return {"WWW-Authenticate": "Bearer"}
        case 415 if scope["method"] == "PATCH":
            return {"Accept-Patch": "application/merge-patch+json"}
        case 415:
            return {"Accept": ", ".join(scope.get(ACCEPTS, ["application/json"])), "Accept-Encoding": "identity"}
        case 503:
            return {"Retry-After": str(5 + secrets.randbelow(26))}
    return {}

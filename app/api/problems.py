# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every error of every path as a problem document (RFC 9457)."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Scope

from app.api.language import language_of
from app.api.problem_types import TYPES, InvalidBodyError, InvalidCursorError, MethodNotAllowedError
from app.api.sentences import said_in
from app.domain.errors import CampanellaError
from app.domain.proof import KINDS

__all__ = [
    "ACCEPTS",
    "CHALLENGE",
    "EITHER",
    "EXCESS",
    "MEDIA_TYPE",
    "PUBLIC",
    "REQUEST",
    "SOURCE",
    "TOLD",
    "InvalidBodyError",
    "InvalidCursorError",
    "MethodNotAllowedError",
]
MEDIA_TYPE = "application/problem+json"
REQUEST = "campanella.request"
PUBLIC = "campanella.public"
ACCEPTS = "campanella.accepts"
"""The media types that an address takes, where it takes more than JSON."""
SOURCE = "campanella.source"
CHALLENGE = "campanella.challenge"
"""In the scope: how to authenticate, where a key is not the only way."""
EITHER = f'Bearer, DPoP algs="{" ".join(KINDS)}"'
"""By a key or a voucher, or by a voucher with a proof."""
EXCESS = "campanella.excess"
"""In the scope: what is known of a request beyond the quota whose body is read, since it may be urgent."""
TOLD = "campanella.told"
"""In the scope: headers to be told with whatever is answered, unless it is a fault of ours."""
SOONEST, SPREAD = 5, 26
"""Seconds after which to come back when we cannot say it better: spread, so that not all come back at once."""


def problem(scope: Scope, error: CampanellaError, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with what went wrong: the sentence, the place, and nothing of what was sent."""
    language = language_of(scope)
    document = described(error, scope[PUBLIC], language, f"urn:uuid:{scope[REQUEST]}")
    body = json.dumps(document, ensure_ascii=False).encode()
    # A sentence that is not known in the language, such as one of a platform, is told in English.
    known = all(said_in(language, each) for each in _sentences(error))
    said = {"Content-Language": language if known else f"{language}, en", "Vary": "Accept-Language"}
    required = _required(error, scope)
    return Response(body, error.status, {**said, **required, **(headers or {})}, MEDIA_TYPE)


def described(error: CampanellaError, public: str, language: str, instance: str) -> dict[str, Any]:
    """Give the document of an error."""
    kind = TYPES[error.problem]
    words = kind.words[language]
    generic = error.detail == type(error).__doc__ and type(error) is kind.kind
    detail = words.meaning if generic else said_in(language, error.detail) or error.detail
    document: dict[str, Any] = {
        "type": kind.uri(public),
        "title": words.title,
        "status": error.status,
        "detail": detail,
        "instance": instance,
        **error.members,
    }
    places: list[dict[str, Any]] = document.get("errors", [])
    if places:
        document["errors"] = [
            {**each, "detail": said_in(language, each["detail"]) or each["detail"]} for each in places
        ]
    elif error.pointer is not None:
        document["errors"] = [{"pointer": error.pointer, "detail": detail, "rule": error.problem}]
    return document


def _sentences(error: CampanellaError) -> list[str]:
    places: list[dict[str, str]] = error.members.get("errors", [])  # type: ignore[assignment]  # as all of ours are
    return [error.detail, *(each["detail"] for each in places)]


def _required(error: CampanellaError, scope: Scope) -> dict[str, str]:
    """Give the headers that must come with a status."""
    match error.status:
        case 401:
            return {"WWW-Authenticate": scope.get(CHALLENGE, "Bearer")}
        case 415 if scope["method"] == "PATCH":
            return {"Accept-Patch": "application/merge-patch+json"}
        case 415:
            return {"Accept": ", ".join(scope.get(ACCEPTS, ["application/json"])), "Accept-Encoding": "identity"}
        case 503:
            return {"Retry-After": str(error.wait or SOONEST + secrets.randbelow(SPREAD))}
    return {} if error.wait is None else {"Retry-After": str(error.wait)}

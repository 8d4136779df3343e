# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Tells two requests apart: by what they ask, whatever the order of members and the form of white space."""

import hashlib
import json

import rfc8785
from starlette.requests import Request

from app.alerts.bulletin import MEDIA_TYPE as BULLETIN
from app.api.preferences import is_lenient
from app.api.reading import read

VERSION = "2"
"""Raised when the same request has another fingerprint than before, so that old rows are not taken for others."""


def fingerprint(request: Request, body: bytes) -> bytes:
    """Hash method, route, media type, attributes of an event, how a batch is handled, and content; a version first."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    route = getattr(request.scope.get("route"), "path", request.url.path)
    event = sorted((name, value) for name, value in request.headers.items() if name.startswith("ce-"))
    asked = [VERSION, request.method, route, request.path_params, media_type, event, is_lenient(request)]
    told = json.dumps(asked, default=str).encode()
    return hashlib.sha256(told + b"\n" + _canonical(media_type, body)).digest()


def _canonical(media_type: str, body: bytes) -> bytes:
    """Give what is the same for one content; a bulletin by its bytes: to read its maps would hold all others up."""
    if not body or not media_type.endswith("json") or media_type == BULLETIN:
        return body
    try:
        return rfc8785.dumps(read(body))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return body  # a number or a letter that JSON cannot say; the rules of the content refuse it

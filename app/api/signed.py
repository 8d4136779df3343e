# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Calls of a source that signs them: the body is read, and compared, before anything else is done with it."""

from typing import Any

from starlette.requests import Request

from app.access import Caller
from app.alerts.bulletin import LARGEST as LARGEST_BULLETIN
from app.api.house import House
from app.api.reading import BODY, is_empty, whole

LARGEST = LARGEST_BULLETIN
"""Bytes of the largest body that any operation takes; each form has a limit of its own afterwards."""
PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "Agid-JWT-Signature",
        "in": "header",
        "required": False,
        "description": "The signature of a call whose source has `signers`: a JWT over `Digest` and other headers.",
        "schema": {
            "type": "string",
            "maxLength": 16_384,
            "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$",
        },
    },
    {
        "name": "Digest",
        "in": "header",
        "required": False,
        "description": "SHA-256 over the bytes of the body (RFC 3230); looked at where the call is signed.",
        "schema": {"type": "string", "maxLength": 60, "pattern": "^SHA-256=[A-Za-z0-9+/]{43}=$"},
    },
]
TRACKING: dict[str, Any] = {
    "name": "Agid-JWT-TrackingEvidence",
    "in": "header",
    "required": False,
    "description": "Who acts at the consumer: a JWT beside a voucher, which holds its digest (AUDIT_REST_02).",
    "schema": {
        "type": "string",
        "maxLength": 16_384,
        "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$",
    },
}
"""Also of a call without a body."""


async def is_signed(house: House, caller: Caller, request: Request) -> bool:
    """Tell whether a call with a body may be believed to be its source's; one without a body has nothing to sign."""
    if is_empty(request):
        return True
    body = request.scope[BODY] = await whole(request, LARGEST)
    return await house.signatures.is_good(caller, request.headers.getlist, body)

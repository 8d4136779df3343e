# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The headers of answers, as the document describes them."""

from typing import Any

from app.api.problems import EITHER

QUOTED = {"type": "string", "maxLength": 200, "pattern": '^[a-z0-9"=;, -]*$'}
SHARED_HEADERS: dict[str, Any] = {
    "CorrelationId": {
        "description": "The id of this request, by which we can find it.",
        "schema": {"type": "string", "format": "uuid", "maxLength": 36},
    },
    "CacheControl": {
        "description": "`no-store`: nothing may be kept by caches; else it may be, by whoever asks each time.",
        "schema": {"type": "string", "maxLength": 100, "pattern": "^[a-z0-9=, -]+$", "examples": ["no-store"]},
    },
    "Location": {
        "description": "The address of what was stored.",
        "schema": {"type": "string", "format": "uri", "maxLength": 4096},
    },
    "PreferenceApplied": {
        "description": "What was preferred and heeded: how long to wait at the most, or how to handle a batch.",
        "schema": {
            "type": "string",
            "maxLength": 16,
            "pattern": "^(wait=[0-9]{1,2}|handling=lenient)$",
            "examples": ["wait=5"],
        },
    },
    "Replayed": {
        "description": "Present when an earlier call had this answer, or had stored the notice.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Version": {
        "description": "For If-Match, which is judged by the revision in front, and for If-None-Match.",
        "schema": {
            "type": "string",
            "maxLength": 40,
            "pattern": '^"r[0-9]+-[0-9a-f]+"$',
            "examples": ['"r1-0123456789abcdef"'],
        },
    },
    "ListVersion": {
        "description": "Whether a page has changed; the address of the next page does not count.",
        "schema": {
            "type": "string",
            "maxLength": 40,
            "pattern": '^W/"[0-9a-f]+"$',
            "examples": ['W/"0123456789abcdef"'],
        },
    },
    "RetryAfter": {
        "description": "Seconds to wait before the next try.",
        "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 200_000, "examples": [12]},
    },
    "Language": {
        "description": "The languages of title and detail.",
        "schema": {"type": "string", "maxLength": 20, "pattern": "^[a-z, ]+$", "examples": ["it"]},
    },
    "QuotaLimit": {
        "description": (
            "How many requests the quota that binds first allows. With every answer below 500; one that is given "
            "before a key is known tells of `wrong-keys`, which its address may send in a minute."
        ),
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 100_000_000, "examples": [600]},
    },
    "QuotaRemaining": {
        "description": "How many of them are left.",
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 100_000_000, "examples": [599]},
    },
    "QuotaReset": {
        "description": "Seconds until all are there again; where none is left, until the next one.",
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400, "examples": [1]},
    },
    "QuotaStanding": {
        "description": "The same for every quota (draft-ietf-httpapi-ratelimit-headers-11).",
        "schema": {**QUOTED, "examples": ['"burst";r=599;t=1, "daily";r=49999;t=2']},
    },
    "QuotaPolicy": {
        "description": "The quotas: `q` requests in `w` seconds.",
        "schema": {**QUOTED, "examples": ['"burst";q=600;w=60, "daily";q=50000;w=86400']},
    },
    "Challenge": {
        "description": "How to authenticate; the second where vouchers of the national platform are taken.",
        "schema": {"type": "string", "enum": ["Bearer", EITHER]},
    },
}
PROOF: dict[str, Any] = {
    "name": "DPoP",
    "in": "header",
    "required": False,
    "description": "The proof for a voucher that is bound to a key of its holder (RFC 9449); else it is not looked at.",
    "schema": {
        "type": "string",
        "maxLength": 4096,
        "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$",
    },
}
ALWAYS = {
    "X-Correlation-ID": {"$ref": "#/components/headers/CorrelationId"},
    "Cache-Control": {"$ref": "#/components/headers/CacheControl"},
}
LIMITS = {
    "RateLimit-Limit": {"$ref": "#/components/headers/QuotaLimit"},
    "RateLimit-Remaining": {"$ref": "#/components/headers/QuotaRemaining"},
    "RateLimit-Reset": {"$ref": "#/components/headers/QuotaReset"},
    "RateLimit": {"$ref": "#/components/headers/QuotaStanding"},
    "RateLimit-Policy": {"$ref": "#/components/headers/QuotaPolicy"},
}
"""With every answer below 500, unless the installation has no quotas."""
LANGUAGE = {"Content-Language": {"$ref": "#/components/headers/Language"}}

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What we send to receivers, as the document describes it: `webhooks`, and the `callbacks` of a notice."""

from typing import Any

from app.domain.callback import EventType

Document = dict[str, Any]
MEANINGS = {
    EventType.ACCEPTED: "A notice was stored, with all it owes.",
    EventType.DELIVERED: "Every channel that the notice is owed to shows its present revision.",
    EventType.WITHDRAWN: "A notice was taken back, and no channel shows it as current any more.",
    EventType.DEAD: "One delivery was given up; a person may give it a fresh start.",
    EventType.HELD: "One delivery may have arrived, and waits for a person.",
    EventType.IN_DOUBT: "One delivery may have arrived; it is being found out.",
    EventType.EXPIRED: "The time of one delivery was over before all of it could be posted.",
    EventType.DISABLED: "Another callback of the source is not called any more.",
}
WORDS = {"type": "string", "maxLength": 2000, "pattern": r"^[^\x00]*$"}
HEADERS = {
    "Webhook-Id": ("The same for every try: remember it, and take a repetition as done.", r"^msg_[0-9a-f]+$"),
    "Webhook-Timestamp": ("Seconds since 1970 of this try; refuse what is more than five minutes away.", "^[0-9]+$"),
    "Webhook-Signature": ("Signatures of id, timestamp and body, joined by dots; one must fit.", "^v1a?,"),
}
EVENT: Document = {
    "type": "object",
    "description": "What happened, and to what; never the text of a notice. Ask for more with GET.",
    "additionalProperties": False,
    "required": ["type", "timestamp", "data"],
    "properties": {
        "type": {"type": "string", "enum": [kind.value for kind in EventType]},
        "timestamp": {"type": "string", "format": "date-time", "maxLength": 40},
        "data": {"$ref": "#/components/schemas/EventData"},
    },
}
DATA: Document = {
    "type": "object",
    "description": "The notice (or, for endpoint.disabled, the callback), and the delivery where it is about one.",
    "additionalProperties": False,
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "maxLength": 36},
        "event_id": WORDS,
        "service": WORDS,
        "revision": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 2**31 - 1},
        "deliveries": {
            "type": "object",
            "description": "How many deliveries are in each state.",
            "maxProperties": 10,
            "additionalProperties": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 2**31 - 1},
        },
        "delivery": {
            "type": "object",
            "additionalProperties": False,
            "required": ["id", "channel", "kind", "state"],
            "properties": {
                "id": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1},
                "channel": WORDS,
                "kind": WORDS,
                "state": WORDS,
            },
        },
        "links": {
            "type": "object",
            "additionalProperties": False,
            "required": ["self"],
            "properties": {"self": {"type": "string", "format": "uri", "maxLength": 4096}},
        },
        "url": {"type": "string", "format": "uri", "maxLength": 2048},
        "reason": WORDS,
    },
}
SCHEMAS: dict[str, Document] = {"Event": EVENT, "EventData": DATA}


def webhooks() -> Document:
    """Describe every event that a callback can be told of."""
    return {kind.value: {"post": _call(kind, meaning)} for kind, meaning in MEANINGS.items()}


def callbacks() -> Document:
    """Describe the calls to the address that X-ReplyTo names."""
    call = _call(None, "Something has become of this notice. The call repeats the X-Correlation-ID of the answer.")
    return {"reply": {"{$request.header.X-ReplyTo}": {"post": call}}}


def _call(kind: EventType | None, meaning: str) -> Document:
    name = "reply" if kind is None else kind.value.replace(".", "_")
    return {
        "tags": ["Callbacks"],
        "summary": "Reply" if kind is None else kind.value,
        "description": meaning,
        "operationId": f"told_{name}",
        "security": [{}],
        "parameters": [
            {
                "name": header,
                "in": "header",
                "required": True,
                "description": about,
                "schema": {"type": "string", "maxLength": 2000, "pattern": form},
            }
            for header, (about, form) in HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}},
        },
        "responses": {
            "204": {"description": "Taken, as by any 2xx. 410 ends the calls; all else, 3xx too, is a failure."},
            "default": {"description": "Not taken."},
        },
    }

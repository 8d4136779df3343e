# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the document says of CloudEvents: the schema of one, and examples."""

from typing import Any

from app.api.examples import NOTICES
from app.domain.instant import YEAR

NOTICE = NOTICES["least"]["value"]
SPEAKABLE = r"^[^\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]+$"
TEXT = {"type": "string", "minLength": 1, "maxLength": 1024, "pattern": SPEAKABLE}
MOMENT = {"type": ["string", "null"], "format": "date-time", "maxLength": 40}
SUBJECT = {**TEXT, "type": ["string", "null"]}
TRACE = {
    **SUBJECT,
    "minLength": 0,
    "pattern": SPEAKABLE.replace("+", "*"),
    "description": "Used where there is no such header.",
}
IN_JSON = r'^[Aa]pplication/[Jj][Ss][Oo][Nn]( *; *charset="?[Uu][Tt][Ff]-8"?)?$'
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": (
        "A CloudEvent 1.0.2 in the JSON format. `id` is the event_id of the notice in `data`; `source` is one of the "
        "event_sources of whoever sends it. Other members are extensions: at most 20, kept with the notice. What is "
        "null is not there."
    ),
    "required": ["specversion", "id", "source", "type"],
    "maxProperties": 30,
    "oneOf": [{"required": ["data"]}, {"required": ["data_base64", "datacontenttype"]}],
    "propertyNames": {"pattern": "^([a-z0-9]{1,64}|data_base64)$"},
    "properties": {
        "specversion": {"type": "string", "const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[\x21-\x7e]+$"},
        "source": {"type": "string", "format": "uri-reference", "minLength": 1, "maxLength": 500},
        "type": TEXT,
        "datacontenttype": {"type": ["string", "null"], "maxLength": 1024, "pattern": IN_JSON},
        "dataschema": {"type": ["string", "null"], "format": "uri", "maxLength": 1024},
        "subject": SUBJECT,
        "time": {**MOMENT, "description": "At most five minutes ahead of us."},
        "expirytime": {
            **MOMENT,
            "pattern": f"^{YEAR}-",
            "description": "The expires_at of the notice, where its data has none, 2000 to 2199.",
        },
        "traceparent": TRACE,
        "tracestate": TRACE,
        "data": {"$ref": "#/components/schemas/NoticeOfEvent"},
        "data_base64": {"type": ["string", "null"], "maxLength": 262_144, "pattern": "^[A-Za-z0-9+/]*={0,2}$"},
    },
    "additionalProperties": {
        "anyOf": [
            {"type": "string", "maxLength": 1024, "pattern": SPEAKABLE.replace("+", "*")},
            {"type": "integer", "format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1},
            {"type": "boolean"},
            {"type": "null"},
        ]
    },
}
CLOUDEVENT = {"CloudEvent": SCHEMA}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": NOTICE["event_id"],
    "source": "https://mensa.comune.example.it/avvisi",
    "type": "it.comune.mensa.avviso",
    "time": "2026-11-24T09:15:00Z",
    "datacontenttype": "application/json",
    "data": NOTICE,
}
EVENTS = {"structured": {"summary": "A notice as a CloudEvent", "value": EVENT}}
EVENT_BATCH = "application/cloudevents-batch+json"
EVENTS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "description": "CloudEvents in the JSON format, of at most 1 MiB together. An empty list is a batch, too.",
    "minItems": 0,
    "maxItems": 100,
    "items": {"$ref": "#/components/schemas/CloudEvent"},
}
NOTICES_SCHEMA = {**EVENTS_SCHEMA, "description": "Notices, of at most 1 MiB together."}
NOTICES_SCHEMA["items"] = {"$ref": "#/components/schemas/Notice"}
OTHER = {**NOTICE, "event_id": "mensa/2026-12-02/1"}
EVENT_BATCHES = {
    "two": {"summary": "Two notices", "value": [EVENT, {**EVENT, "id": OTHER["event_id"], "data": OTHER}]},
}
NOTICE_BATCHES = {"two": {"summary": "Two notices", "value": [NOTICE, OTHER]}}

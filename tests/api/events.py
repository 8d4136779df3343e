# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Events as senders write them, by hand: each vector is exactly what stands in the specification's tables."""

import json
from collections.abc import Mapping
from typing import Any

from tests.api.calling import Answer, Caller, a_notice, fresh

SOURCE = "/mensa"
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


async def a_sender(operator: Caller, *event_sources: str) -> Caller:
    """Make a source that sends events of these event sources."""
    source = await operator.a_source()
    await operator.patch(f"/v1/sources/{source.slug}", {"event_sources": [SOURCE, *event_sources]})
    return source


def an_event(**members: Any) -> dict[str, Any]:
    """Give an ordinary event in the JSON format; a member that is ... is left out."""
    data = a_notice()
    ordinary = {"specversion": "1.0", "id": data["event_id"], "source": SOURCE, "type": "t", "data": data}
    return {name: value for name, value in {**ordinary, **members}.items() if value is not ...}


async def structured(sender: Caller, body: Any, media_type: str = STRUCTURED) -> Answer:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await sender.post("/v1/notices", sent, Content_Type=media_type)


async def binary(sender: Caller, headers: Mapping[str, str | None], body: Any = ...) -> Answer:
    """Send the base of the vectors with these headers besides; None takes one away."""
    number = fresh("evento")
    base = {"ce-specversion": "1.0", "ce-id": number, "ce-source": SOURCE, "ce-type": "t"}
    wanted = {"Content-Type": "application/json", **base, **headers}
    data = a_notice(event_id=wanted["ce-id"]) if body is ... else body
    given = {name: value for name, value in wanted.items() if value is not None}
    return await sender.call("POST", "/v1/notices", data, given)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The common SDK as an independent sender: what it writes is understood, and every form of an event is one notice."""

import json
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.api.calling import Answer, Caller, a_notice
from tests.api.events import SOURCE, a_sender

WRITERS = {"binary": to_binary_event, "structured": to_structured_event}


def by_the_sdk(data: dict[str, Any], **attributes: Any) -> CloudEvent:
    about = {"id": data["event_id"], "source": SOURCE, "type": "it.comune.mensa", "specversion": "1.0", **attributes}
    return CloudEvent(attributes={**about, "datacontenttype": "application/json"}, data=data)


async def sent(sender: Caller, mode: str, event: CloudEvent) -> Answer:
    message = WRITERS[mode](event)
    return await sender.call("POST", "/v1/notices", bytes(message.body), message.headers)


@pytest.mark.parametrize("mode", WRITERS)
@pytest.mark.parametrize("subject", ["a b", "Città €", 'un "bravo"', "100%", "%41", "😀", "/a/b?c=d&e=f#g", "\u00a0x"])
async def test_what_the_sdk_writes_is_read_as_it_was_meant(operator: Caller, mode: str, subject: str) -> None:
    sender = await a_sender(operator)

    answer = await sent(sender, mode, by_the_sdk(a_notice(), subject=subject, colour="rosso è"))

    event = json.loads(await sender.pool.fetchval("select event from notice where id = $1", answer.body["id"]))
    assert (answer.status, event["subject"], event["extensions"]) == (202, subject, {"colour": "rosso è"})


async def test_2_52_the_same_event_in_every_form_is_one_notice(operator: Caller) -> None:
    sender = await a_sender(operator)
    notice = a_notice()

    answers = [await sent(sender, mode, by_the_sdk(notice)) for mode in WRITERS]
    answers.append(await sender.post("/v1/notices", notice))

    assert [answer.status for answer in answers] == [202] * 3
    assert len({answer.body["id"] for answer in answers}) == 1

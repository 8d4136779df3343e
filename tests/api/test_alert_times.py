# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""When a message of an authority was sent decides which one is the later."""

from datetime import UTC, datetime, timedelta

from tests.alerts.given import info, reference
from tests.api.alerting import alert, hand_in
from tests.api.calling import Caller


def in_minutes(number: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=number)).isoformat(timespec="seconds")


async def test_a_message_of_the_future_is_refused_and_blocks_no_later_one(source: Caller) -> None:
    first, body = alert()
    await hand_in(source, body)

    refused = await hand_in(
        source, alert(info(), msgType="Update", references=reference(first), sent=in_minutes(30))[1]
    )
    taken = await hand_in(source, alert(info(), msgType="Update", references=reference(first), sent=in_minutes(2))[1])

    assert (refused.status, refused.problem) == (422, "invalid-notice")
    assert refused.body["errors"][0]["pointer"] == "#/alert/sent"
    assert taken.status == 202

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every answer of a receiver has one class; the table is the whole of what we understand."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.outcome import Delivered, Doubted, Failed, Gone, Outcome, Refused, Throttled, Wire
from workers.speaking import Said, Unheard
from workers.webhook.answers import read, wire

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ONCE = Delivered(("msg_1",))
DATE = {"retry-after": "Tue, 24 Nov 2026 12:00:40 GMT"}
TABLE: list[tuple[Said | Unheard, Outcome]] = [
    (Said(200, {}), ONCE),
    (Said(204, {}), ONCE),
    (Said(299, {}), ONCE),
    (Said(300, {}), Failed("the receiver answers 300")),
    (Said(308, {"location": "https://a.example"}), Failed("the receiver answers 308")),
    (Said(400, {}), Refused("the receiver refuses this notice (400)")),
    (Said(401, {}), Failed("the receiver answers 401")),
    (Said(404, {}), Failed("the receiver answers 404")),
    (Said(409, {}), Failed("the receiver answers 409")),
    (Said(410, {}), Gone("The receiver says that this address is gone (410).")),
    (Said(429, {}), Throttled(30, alone=True)),
    (Said(429, {"retry-after": "7"}), Throttled(7, alone=True)),
    (Said(429, {"retry-after": "0"}), Throttled(1, alone=True)),
    (Said(429, {"retry-after": "-5"}), Throttled(30, alone=True)),
    (Said(429, {"retry-after": "soon"}), Throttled(30, alone=True)),
    (Said(429, {"retry-after": "9" * 30}), Throttled(86_400, alone=True)),
    (Said(429, DATE), Throttled(40, alone=True)),
    (Said(500, {"retry-after": "7"}), Failed("the receiver answers 500")),
    (Said(503, {}), Failed("the receiver answers 503")),
    (Said(503, {"retry-after": "7"}), Throttled(7, alone=True)),
    (Unheard("no answer", left=True), Doubted("no answer")),
    (Unheard("not reached", left=False), Failed("not reached")),
    (Unheard("private", left=False, blocked=True), Gone("The address may not be called: private")),
]


@pytest.mark.parametrize(("heard", "outcome"), TABLE)
def test_an_answer_comes_to_one_outcome(heard: Said | Unheard, outcome: Outcome) -> None:
    assert read(heard, "msg_1", NOW, LATER) == outcome


def test_a_receiver_that_asks_to_wait_for_ever_is_given_up_in_time() -> None:
    assert read(Said(429, {"retry-after": "60"}), "msg_1", LATER, LATER) == Failed("the receiver answers 429")


@pytest.mark.parametrize(
    ("heard", "far"),
    [(Said(500, {}), Wire.RESPONSE), (Unheard("", left=True), Wire.BODY), (Unheard("", left=False), Wire.NONE)],
)
def test_how_far_a_call_got_is_told(heard: Said | Unheard, far: Wire) -> None:
    assert wire(heard) is far

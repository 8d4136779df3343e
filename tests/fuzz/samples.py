# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is good, to be bent: the samples of the demonstration, the examples of the documents, and the tests' own."""

import json
from pathlib import Path
from typing import Any

from app.api.alert_examples import ALERT, BULLETINS
from app.api.cloudevent_examples import EVENTS
from app.api.examples import NOTICES as SHOWN
from tests.alerts.given import cap, info, reference
from tests.api.weather import CALM, ORANGE, OTHER, RED, YELLOW, ZONE, collection, feature
from tests.telegram.texts import TORTURE

FOLDER = Path(__file__).parents[2] / "deploy" / "samples"
SENT = "2026-11-20T13:05:00+01:00"
HOST = "comune.prato.it"
ZONES = {ZONE: "bisenzio", OTHER: "valdarno", "Bisenzio": "bisenzio"}


def _sampled() -> list[dict[str, Any]]:
    return [each["notice"] for each in json.loads((FOLDER / "notices.json").read_text())["notices"]]


def _event(number: int, notice: dict[str, Any]) -> dict[str, Any]:
    more = {"time": SENT, "subject": "a", "datacontenttype": "application/json", "grade": number, "expirytime": SENT}
    event = {"specversion": "1.0", "id": notice["event_id"], "source": "/mensa", "type": "t", "data": notice}
    return event | (more if number % 2 else {})


NOTICES: list[dict[str, Any]] = [*_sampled(), *(each["value"] for each in SHOWN.values())]
CLOUDEVENTS: list[dict[str, Any]] = [
    *(_event(number, notice) for number, notice in enumerate(NOTICES)),
    *(each["value"] for each in EVENTS.values() if isinstance(each["value"], dict)),
]
BODIES = [json.dumps(each).encode() for each in NOTICES]
ALERTS = [
    ALERT.encode(),
    cap(sent=SENT),
    cap(info(web=f"https://{HOST}/a"), info(language="en-GB", colour="rossa"), sent=SENT, code="x"),
    cap(info(responseType="AllClear"), sent=SENT, msgType="Update", references=reference("allerta-0", SENT)),
    cap(info(areas=ZONES, contact="0574 000110"), sent=SENT, msgType="Cancel", references=reference("a", SENT) * 2),
]
ISSUES: list[dict[str, Any]] = [
    *(each["value"] for each in BULLETINS.values()),
    {"id": "20261120_1500", "today": collection(feature(temporali=YELLOW)), "tomorrow": collection()},
    {
        "id": "20261120_0005",
        "tomorrow": collection(feature(idraulico=RED), feature(OTHER, temporali=ORANGE, idrogeologico=CALM)),
    },
]
TEXTS: list[str] = [
    *(text["body"] for notice in NOTICES for text in notice["texts"].values() if text.get("body")),
    *(text[:600] for text in TORTURE.values()),
]
LONG = list(TORTURE.values())

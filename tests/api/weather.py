# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""National bulletins as they are published, for an installation that tells of two zones."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.api.calling import Answer, Caller

MEDIA_TYPE = "application/vnd.campanella.bulletin+json"
ZONE, OTHER = "Bisenzio e Ombrone Pistoiese", "Valdarno Inferiore"
CALM = "Assenza di fenomeni significativi prevedibili / NESSUNA ALLERTA"
YELLOW, ORANGE, RED = "Ordinaria / ALLERTA GIALLA", "Moderata / ALLERTA ARANCIONE", "Elevata / ALLERTA ROSSA"
ISSUED = (datetime.now(ZoneInfo("Europe/Rome")) - timedelta(hours=1)).date()
"""The day of which the first hour is over: no issue of that hour is ahead of the clock."""
TOLD_OF = ISSUED + timedelta(days=1)
"""The day that bulletins speak of here: no midnight during the tests makes it a day that is over."""


def feature(zone: str = ZONE, **levels: str) -> dict[str, Any]:
    calm = {"temporali": CALM, "idraulico": CALM, "idrogeologico": CALM}
    risks = {f"Per rischio {risk}": words for risk, words in {**calm, **levels}.items()}
    return {"type": "Feature", "properties": {"Nome zona": zone, **risks, "Comuni": ["Prato"]}, "geometry": None}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    """Give what is said of some zones; of ours, those that are not among them are calm."""
    named = {each.get("properties", {}).get("Nome zona") for each in features}
    return only(*features, *(feature(zone) for zone in (ZONE, OTHER) if zone not in named))


def only(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def bulletin(*features: dict[str, Any], later: int = 0, **members: Any) -> dict[str, Any]:
    """Give an issue of that day, by minutes after midnight, that speaks of the next."""
    return {"id": f"{ISSUED:%Y%m%d}_00{later:02}", "tomorrow": collection(*features), **members}


def soon() -> datetime:
    """Give half an hour from now: its day is not over for as long, and a name may be that much ahead."""
    return datetime.now(ZoneInfo("Europe/Rome")) + timedelta(minutes=30)


def named(moment: datetime) -> str:
    return f"{moment:%Y%m%d_%H%M}"


async def hand_in(source: Caller, given: Any) -> Answer:
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    return await source.post("/v1/notices", body, Content_Type=MEDIA_TYPE)


async def told(source: Caller, answer: Answer) -> list[dict[str, Any]]:
    """Give the contents of the notices that an answer lists."""
    numbers = [item["id"] for item in answer.body["items"] if item["status"] == 202]
    return [(await source.get(f"/v1/notices/{number}")).body["content"] for number in numbers]

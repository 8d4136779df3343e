# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Handing in alerts, and looking at what became of them."""

from typing import Any

from tests.alerts.given import SENT, cap
from tests.api.calling import Answer, Caller, fresh

CAP = "application/cap+xml"
SERVICE = "allerta-meteo"


async def hand_in(source: Caller, body: bytes, media_type: str = CAP) -> Answer:
    return await source.post("/v1/notices", body, Content_Type=media_type)


def alert(*infos: str, **members: Any) -> tuple[str, bytes]:
    """Give an identifier that no other test has, and the document."""
    identifier = fresh("cap")
    return identifier, cap(*infos, **{"identifier": identifier, **members})


def later(minute: int) -> str:
    return SENT.replace(":05:00", f":{minute:02}:00")


async def content(source: Caller, answer: Answer) -> dict[str, Any]:
    shown = await source.get(f"/v1/notices/{answer.body['id']}")
    return {**shown.body["content"], "status": shown.body["status"], "revision": shown.body["revision"]}


async def all_of(source: Caller) -> list[dict[str, Any]]:
    """Everything this source has handed in, newest first."""
    items: list[dict[str, Any]] = (await source.get("/v1/notices")).body["items"]
    return items

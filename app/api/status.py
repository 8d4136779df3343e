# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/status: whether the service works, for everyone."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from app.api.callers import Insider
from app.api.house import Open
from app.api.routes import StrictRoute
from app.api.view import Count, View, Words
from app.health_routes import show_status

router = APIRouter(route_class=StrictRoute, tags=["Status"])
Seconds = Annotated[float, Field(ge=0, le=1e9, json_schema_extra={"format": "double"})]

Share = Annotated[float, Field(ge=0, le=1, json_schema_extra={"format": "double"})]


class LaneAges(View):
    """Seconds for which the oldest delivery of a lane has been due."""

    urgent: Seconds
    normal: Seconds
    bulk: Seconds


class OpenCounts(View):
    due: Count
    in_doubt: Count
    held: Count
    dead: Count


class ChannelCounts(View):
    active: Count
    paused: Count


class ServiceLevels(View):
    """What was reached in the last 30 days, of the newest 10,000 deliveries; withdrawn ones count neither way."""

    deliveries_30d: Count = Field(description="Deliveries that came to an end.")
    success_rate_30d: Share | None = Field(None, description="The share of them that was delivered.")
    on_time_rate_30d: Share | None = Field(
        None, description="The share of those delivered that came within 60 s (urgent), 10 min (normal) or 2 h (bulk)."
    )


class StatusSeen(View):
    """pass: all is well. warn: it works, and the notes say what a person may want to look at."""

    status: Literal["pass", "warn"]
    version: Annotated[str, Field(max_length=40, pattern=r"^[0-9A-Za-z.+-]+$")]
    notes: Annotated[list[Words], Field(max_length=20)] = Field(default_factory=list)
    oldest_due_seconds: LaneAges | None = None
    deliveries: OpenCounts | None = None
    channels: ChannelCounts | None = None
    workers: Count | None = None
    service_levels: ServiceLevels | None = None


@router.get("/status", summary="How the service stands", response_model=StatusSeen, responses={401: {}})
async def status(whole: Insider, house: Open) -> Response:
    """Say whether the service works, and which levels it reaches; 503 when nothing can be accepted.

    What waits and what is the matter is shown with the key of an operator or a viewer. A key is not needed, but a wrong
    one is refused.
    """
    return await show_status(house.health, whole=whole)

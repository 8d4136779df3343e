# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""GET /intake-capabilities: what may be handed in at once; CloudEvents sends batches only to those who ask for them."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from app.api.batches import LARGEST, MOST
from app.api.callers import Anyone
from app.api.intake import ARRIVALS
from app.api.reading import LARGEST as LARGEST_BODY
from app.api.routes import StrictRoute
from app.api.view import Count, View

router = APIRouter(route_class=StrictRoute, tags=["Notices"])
MediaType = Annotated[str, Field(max_length=100, pattern=r"^[a-z]+/[a-z0-9.+-]+$", examples=["application/json"])]


class BatchCapability(View):
    max_events: Count
    max_bytes: Count


class EventCapability(View):
    max_bytes: Count


class IntakeCapabilities(View):
    """What may be handed in: how large one notice or event, how many in a batch, and in which media types."""

    event: EventCapability
    batch: BatchCapability
    media_types: list[MediaType] = Field(max_length=20)


@router.get("/intake-capabilities", summary="Ask what may be handed in")
async def show_intake_capabilities(_: Anyone) -> IntakeCapabilities:
    """Say what a sender may hand in at once. Batches are welcome: of CloudEvents, or of notices at /notices/batch."""
    return IntakeCapabilities(
        event=EventCapability(max_bytes=LARGEST_BODY),
        batch=BatchCapability(max_events=MOST, max_bytes=LARGEST),
        media_types=list(ARRIVALS.media),
    )

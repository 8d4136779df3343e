# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How the answer to a batch looks: one item for each that was sent, in the same order."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, WithJsonSchema
from starlette.requests import Request

from app.api.house import House
from app.api.language import language_of
from app.api.notice_view import NoticeLinks, links
from app.api.problems import PUBLIC, REQUEST, described
from app.api.view import Count, View
from app.domain.errors import CampanellaError
from app.intake import Answer

Code = Annotated[int, Field(ge=200, le=599, json_schema_extra={"format": "int32"}, examples=[202])]
Complaint = Annotated[dict[str, Any], WithJsonSchema({"x-schema": "Problem"})]


class BatchItem(View):
    """What became of one item, as if it had come alone: 202 with its id, or the problem."""

    index: Count
    status: Code
    id: UUID | None = None
    replayed: bool = Field(default=False, description="An earlier call, or an earlier item, had stored it.")
    links: NoticeLinks | None = None
    problem: Complaint | None = None


class BatchAnswer(View):
    """What became of each item of a batch, in the order in which they were sent."""

    items: list[BatchItem] = Field(max_length=100)


def item_of(house: House, request: Request, place: int, each: Answer) -> BatchItem:
    """Show what became of one item."""
    if isinstance(each, CampanellaError):
        instance = f"urn:uuid:{request.scope[REQUEST]}"
        told = described(each, request.scope[PUBLIC], language_of(request.scope), instance)
        return BatchItem(index=place, status=each.status, problem=told)
    return BatchItem(index=place, status=202, id=each.id, replayed=each.replayed, links=links(house.public, each.id))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/notices: hand one in, look at one, list them."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from app.access import Caller
from app.api.callers import Reader
from app.api.document_answers import UNCHANGED, VERSIONED
from app.api.house import Open
from app.api.notice_view import (
    COLUMNS,
    ONE,
    UNSIGNED,
    NoticeInPath,
    NoticeSummary,
    NoticeWhole,
    summaries,
    tagged,
    whole,
)
from app.api.pages import Next, Pages, Paging
from app.api.routes import StrictRoute
from app.api.versions import IfNoneMatch, cached
from app.api.view import EventId, View
from app.domain.delivery import State
from app.domain.errors import NotFoundError
from app.domain.notice import Slug

router = APIRouter(route_class=StrictRoute, tags=["Notices"])
MANY = f"""
select {COLUMNS} from notice
 where ($1::text is null or source = $1) and ($2::text is null or service = $2) and ($3::text is null or event_id = $3)
   and ($4::text is null or exists (select from delivery where notice_id = notice.id and state = $4))
   and ($5::text is null or {UNSIGNED})
   and (created_at, id) < ($6::timestamptz, $7::uuid)
 order by created_at desc, id desc limit $8
"""  # noqa: S608 - ours
NEWEST = (datetime.max.replace(tzinfo=UTC).isoformat(), "ffffffff-ffff-ffff-ffff-ffffffffffff")


class NoticeFilter(Paging):
    source: Slug | None = Field(None, description="Notices of this source. A source only ever sees its own.")
    service: Slug | None = Field(None, description="Notices about this service.")
    event_id: EventId | None = Field(None, description="The notice with this event_id.")
    state: State | None = Field(None, description="Notices with at least one delivery in this state.")
    awaits: Literal["second-person"] | None = Field(None, description="Urgent broadcasts that nobody has let go yet.")


class NoticePage(View):
    """Notices, newest first."""

    items: list[NoticeSummary] = Field(max_length=200)
    next: Next


@router.get(
    "/notices/{notice_id}",
    summary="Look at a notice",
    responses={**VERSIONED, 304: UNCHANGED},
    response_model=NoticeWhole,
)
async def show_notice(
    request: Request, caller: Reader, notice_id: NoticeInPath, house: Open, _known: IfNoneMatch = None
) -> Response:
    """Show a notice with its content and where it stands. A source sees its own; any other is not found.

    The ETag is for the If-Match of a change, which is judged by the revision in it alone, and for the If-None-Match of
    whoever asks again.
    """
    row = await house.database.pool.fetchrow(ONE, notice_id, caller.source)
    if row is None:
        raise NotFoundError("There is no such notice.")
    shown = tagged(await whole(house, row))
    return cached(request, shown, shown.headers["ETag"])


@router.get("/notices", summary="List notices")
async def list_notices(caller: Reader, asked: Annotated[NoticeFilter, Query()], house: Open) -> NoticePage:
    """List notices, newest first. A source sees its own only; operators and viewers see all."""
    pages = Pages(house.settings, "/v1/notices", asked)
    created, number = pages.after() or NEWEST
    place = (datetime.fromisoformat(created), UUID(number))
    sources = _visible(caller, asked.source)
    if sources is None:
        return NoticePage(items=[], next=None)
    filters = (*sources, asked.service, asked.event_id, asked.state, asked.awaits)
    rows = await house.database.pool.fetch(MANY, *filters, *place, asked.more)
    shown, following = pages.cut(rows, lambda row: (row["created_at"].isoformat(), row["id"]))
    return NoticePage(items=await summaries(house, shown), next=following)


def _visible(caller: Caller, wanted: str | None) -> tuple[str | None] | None:
    """Give the source to filter by, or None when the caller may see nothing of what it wants."""
    if caller.source is None:
        return (wanted,)
    return (caller.source,) if wanted in (None, caller.source) else None

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""POST /notices: the way in, kept quick."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.callers import Source
from app.api.examples import NOTICES
from app.api.house import House, Open
from app.api.notice_view import ONE, NoticeSummary, links, summaries
from app.api.reading import Reading
from app.api.routes import QuickRoute
from app.api.standing import Counts, status_of
from app.api.view import answer
from app.domain.errors import EventExistsError, ForbiddenError, InvalidNoticeError
from app.domain.notice import Notice
from app.intake import Accepted, accept
from app.metrics import NOTICES as COUNTED
from app.telemetry import log

router = APIRouter(route_class=QuickRoute, tags=["Notices"])
EXISTS = (
    "A notice with this event_id exists with other content. If it is the same event, amend that notice: "
    "PATCH the address in `notice`. If it is another event, give it an event_id of its own."
)
INTAKE = Reading(Notice, wrong=InvalidNoticeError, examples=NOTICES)


@router.post("/notices", status_code=202, summary="Hand in a notice", responses={409: {}}, response_model=NoticeSummary)
async def hand_in_notice(caller: Source, notice: Annotated[Notice, Depends(INTAKE)], house: Open) -> Response:
    """Store a notice together with everything it owes, then answer; what is answered with 202 is never lost.

    `event_id` is the natural key: the same content again answers the same notice with `Idempotent-Replayed: true` and
    owes nothing new, also when many copies arrive at once. Other content under the same `event_id` is refused with 409.
    """
    if not caller.may_speak_of(notice.service):
        raise ForbiddenError("This source may not speak of this service.")
    source = caller.source or ""
    try:
        accepted = await accept(house.database.pool, house.routing, notice, source, caller.key)
    except EventExistsError as error:
        COUNTED.labels("conflicting").inc()
        where = links(house.public, UUID(str(error.members["notice"])))
        raise EventExistsError(EXISTS, pointer="#/event_id", notice=where.here) from None
    return await _acknowledged(house, notice, source, accepted)


async def _acknowledged(house: House, notice: Notice, source: str, accepted: Accepted) -> Response:
    """Answer 202; a replay shows the notice as it is now."""
    outcome = "replayed" if accepted.replayed else "accepted"
    COUNTED.labels(outcome).inc()
    log.info(f"notice.{outcome}", notice=str(accepted.id), source=source, owed=accepted.owed)
    if accepted.replayed:
        (seen,) = await summaries(house, await house.database.pool.fetch(ONE, accepted.id, source))
        return answer(seen, 202, Location=seen.links.here, Idempotent_Replayed="true")
    if accepted.owed:
        house.doorbell.ring()
    fresh = _fresh(house, notice, source, accepted)
    return answer(fresh, 202, Location=fresh.links.here)


def _fresh(house: House, notice: Notice, source: str, accepted: Accepted) -> NoticeSummary:
    """Show a notice that was stored this moment; nothing needs to be looked up for that."""
    counts = Counts(due=accepted.owed)
    return NoticeSummary(
        id=accepted.id,
        status=status_of(counts, withdrawn=False),
        revision=1,
        source=source,
        event_id=notice.event_id,
        service=notice.service,
        kind=notice.kind,
        priority=notice.priority,
        title=next(iter(notice.texts.values())).title,
        created_at=accepted.created_at,
        changed_at=accepted.created_at,
        deliveries=counts,
        links=links(house.public, accepted.id),
    )

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Accepts one notice for a caller, in whatever form it came, and says what became of it."""

from uuid import UUID

from starlette.responses import Response

from app.access import Caller
from app.api.house import House
from app.api.notice_view import ONE, NoticeSummary, links, summaries
from app.api.standing import Counts, status_of
from app.api.view import answer
from app.domain.errors import EventExistsError, ForbiddenError
from app.domain.notice import Notice
from app.intake import Accepted, Origin, accept
from app.metrics import NOTICES as COUNTED
from app.telemetry import log

EXISTS = (
    "A notice with this event_id exists with other content. If it is the same event, amend that notice: "
    "PATCH the address in `notice`. If it is another event, give it an event_id of its own."
)


def origin_of(caller: Caller, event_source: str = "", event: str | None = None) -> Origin:
    return Origin(caller.source or "", caller.key, event_source, event)


async def hand_over(house: House, caller: Caller, notice: Notice, origin: Origin) -> Response:
    """Store a notice that its source may send, or find the earlier copy, and answer 202."""
    if not caller.may_speak_of(notice.service):
        raise ForbiddenError("This source may not speak of this service.")
    try:
        accepted = await accept(house.database.pool, house.routing, notice, origin)
    except EventExistsError as error:
        COUNTED.labels("conflicting").inc()
        where = links(house.public, UUID(str(error.members["notice"])))
        raise EventExistsError(EXISTS, pointer="#/event_id", notice=where.here) from None
    return await acknowledged(house, notice, origin.source, accepted)


async def acknowledged(house: House, notice: Notice, source: str, accepted: Accepted) -> Response:
    """Answer 202; a replay shows the notice as it is now."""
    outcome = "replayed" if accepted.replayed else "accepted"
    COUNTED.labels(outcome).inc()
    log.info(f"notice.{outcome}", notice=str(accepted.id), source=source, owed=accepted.owed)
    if accepted.replayed:
        return await seen_now(house, accepted.id, source, replayed=True)
    if accepted.owed:
        house.doorbell.ring()
    fresh = _fresh(house, notice, source, accepted)
    return answer(fresh, 202, Location=fresh.links.here)


async def seen_now(house: House, number: UUID, source: str, *, replayed: bool) -> Response:
    """Answer 202 with a notice as it is now."""
    (seen,) = await summaries(house, await house.database.pool.fetch(ONE, number, source))
    marked = {"Idempotent_Replayed": "true"} if replayed else {}
    return answer(seen, 202, Location=seen.links.here, **marked)


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

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/notices/{id}/approvals: a person has read a text and lets it go out."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from app.api.amendments import own
from app.api.callers import Owner
from app.api.examples import APPROVALS
from app.api.house import Open
from app.api.notice_view import NoticeInPath, NoticeWhole, whole
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.approve import Consent, approve
from app.domain.notice import LanguageTag, Name, Strict
from app.domain.whole import WHOLE
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Notices"])


class ApprovalGiven(Strict):
    """Which text was read, in which revision, and by whom."""

    language: LanguageTag
    revision: Annotated[int, Field(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"}), WHOLE]
    name: Name


@router.post("/notices/{notice_id}/approvals", summary="Approve a text of a notice", responses={404: {}, 409: {}})
async def approve_text(
    caller: Owner,
    notice_id: NoticeInPath,
    given: Annotated[ApprovalGiven, Depends(Reading(ApprovalGiven, examples=APPROVALS))],
    house: Open,
) -> NoticeWhole:
    """Let a text go out that its service keeps back until a person has read it. Giving it again changes nothing.

    An approval is of one text: a revision that leaves the text as it is keeps it, one that changes it needs another.
    """
    await own(house, caller, notice_id)
    consent = Consent(given.language, given.revision, given.name)
    async with house.database.pool.acquire() as connection, connection.transaction():
        fresh = await approve(connection, notice_id, consent, caller.key, caller.actor)
    if fresh:
        log.info("notice.approved", notice=str(notice_id), revision=given.revision)
        house.doorbell.ring()
    return await whole(house, await own(house, caller, notice_id))

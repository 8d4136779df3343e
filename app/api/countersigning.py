# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/notices/{id}/countersignature: a second person lets an urgent broadcast go."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from app.api.amendments import own
from app.api.callers import Redriver
from app.api.examples import COUNTERSIGNATURES
from app.api.house import Open
from app.api.notice_view import NoticeInPath, NoticeWhole, whole
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.countersign import Word, countersign
from app.domain.notice import Line, Name, Strict
from app.domain.whole import WHOLE
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Notices"])


class Countersigned(Strict):
    """Which revision may go, and who says so. break_glass: why nobody else could be asked."""

    revision: Annotated[int, Field(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"}), WHOLE]
    name: Name
    break_glass: Line | None = None


@router.post(
    "/notices/{notice_id}/countersignature",
    summary="Let an urgent broadcast go",
    responses={404: {}, 409: {}},
)
async def countersign_notice(
    caller: Redriver,
    notice_id: NoticeInPath,
    given: Annotated[Countersigned, Depends(Reading(Countersigned, examples=COUNTERSIGNATURES))],
    house: Open,
) -> NoticeWhole:
    """Let a revision go that waits for a second person. Giving it again changes nothing; another revision waits anew.

    The key that wrote the revision is refused with 403, unless it breaks the glass and says why. The audit log keeps
    the name, the key and the reason.
    """
    await own(house, caller, notice_id)
    word = Word(given.revision, given.name, given.break_glass)
    async with house.database.pool.acquire() as connection, connection.transaction():
        fresh = await countersign(connection, notice_id, word, caller.actor)
    if fresh:
        log.info("notice.countersigned", notice=str(notice_id), revision=given.revision, alone=word.why is not None)
        house.doorbell.ring()
    return await whole(house, await own(house, caller, notice_id))

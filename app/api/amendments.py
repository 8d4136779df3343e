# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/notices/{id}: correct a notice or take it back, also where it has been posted already."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from app.access import Caller
from app.amend import Amended, Change, amend, withdraw
from app.api.acceptance import refuse_unfit
from app.api.callers import Owner
from app.api.document_answers import VERSIONED
from app.api.examples import AMENDMENTS, WITHDRAWALS
from app.api.house import House, Open
from app.api.notice_view import ONE, NoticeInPath, NoticeWhole, tagged, whole
from app.api.reading import MERGE_PATCH, Reading, checked_body, refuse_unknown_names, validated
from app.api.routes import StrictRoute
from app.api.versions import Condition, Seen
from app.domain.errors import InvalidNoticeError, NotFoundError, PreconditionFailedError
from app.domain.notice import Notice, Strict
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Notices"])


class Amending:
    """A dependency that gives a merge patch (RFC 7396) of a notice: only what changes."""

    media_type, examples = MERGE_PATCH, AMENDMENTS

    async def __call__(self, request: Request) -> dict[str, Any]:
        change = json.loads(await checked_body(request, self.media_type))
        if not isinstance(change, dict):
            raise InvalidNoticeError("#: The change is no object.", pointer="#")
        return change


class WithdrawalWish(Strict):
    """How a notice is taken back. delete: what is posted is deleted where that is possible, not only struck."""

    delete: bool = False


@router.patch(
    "/notices/{notice_id}",
    summary="Amend a notice",
    responses={**VERSIONED, 409: {}, 412: {}, 428: {}},
    response_model=NoticeWhole,
)
async def amend_notice(
    caller: Owner,
    notice_id: NoticeInPath,
    change: Annotated[dict[str, Any], Depends(Amending())],
    house: Open,
    seen: Condition,
) -> Response:
    """Store a new revision: what is not yet posted goes out in its latest form, what is posted is corrected.

    The body holds only what changes; null takes a member away, a list replaces the whole list. `If-Match` is needed,
    so that nobody overwrites a revision that nobody has seen.
    """
    while (amended := await _amended(house, caller, notice_id, change, seen)) is None:  # another's change went through
        pass
    if amended.changed:
        log.info("notice.amended", notice=str(notice_id), revision=amended.revision)
        house.doorbell.ring()
    return await _shown(house, caller, notice_id)


@router.post(
    "/notices/{notice_id}/withdrawal",
    summary="Withdraw a notice",
    responses={**VERSIONED, 412: {}, 428: {}},
    response_model=NoticeWhole,
)
async def withdraw_notice(
    caller: Owner,
    notice_id: NoticeInPath,
    wish: Annotated[WithdrawalWish, Depends(Reading(WithdrawalWish, examples=WITHDRAWALS, needed=False))],
    house: Open,
    seen: Condition,
) -> Response:
    """Take a notice back: what is not yet posted never is, what is posted will say so. Repeating it changes nothing.

    With `delete`, posts are deleted where the platform allows it (Telegram: within 48 hours), also of a notice that was
    withdrawn before; the others are struck. `taken_back` of each delivery says which it was.
    """
    row = await own(house, caller, notice_id)
    async with _held_to(seen, house, caller, row) as asked:
        withdrawn = await withdraw(house.database.pool, asked, delete=wish.delete)
    if withdrawn.changed:
        log.info("notice.withdrawn", notice=str(notice_id))
        house.doorbell.ring()
    return await _shown(house, caller, notice_id)


def merged(target: Any, change: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(change, dict):
        return change
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in change.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


async def _amended(house: House, caller: Caller, number: UUID, change: dict[str, Any], seen: Seen) -> Amended | None:
    """Apply a change to the revision that is read here; None where that has gone by and any other may be changed, too.

    Merged with an older one, it would take back what somebody else has changed meanwhile.
    """
    row = await own(house, caller, number)
    refuse_unknown_names(Notice, change, InvalidNoticeError)
    notice = validated(Notice, json.dumps(merged(json.loads(row["content"]), change)).encode(), InvalidNoticeError)
    refuse_unfit(house, caller, notice)
    async with _held_to(seen, house, caller, row) as asked:
        try:
            return await amend(house.database.pool, house.routing, replace(asked, expected=row["revision"]), notice)
        except PreconditionFailedError:
            if asked.expected is not None:
                raise
            return None


async def own(house: House, caller: Caller, number: UUID) -> Any:
    row = await house.database.pool.fetchrow(ONE, number, caller.source)
    if row is None:
        raise NotFoundError("There is no such notice.")
    return row


async def _shown(house: House, caller: Caller, number: UUID) -> Response:
    return tagged(await whole(house, await own(house, caller, number)))


@asynccontextmanager
async def _held_to(seen: Seen, house: House, caller: Caller, row: Record) -> AsyncIterator[Change]:
    """Give the change of the version that the caller has seen; a refusal tells which one is there."""
    actor = caller.actor if caller.source is None or caller.person else None
    try:
        yield Change(row["id"], row["source"], caller.author, seen.expected(row["revision"]), actor)
    except PreconditionFailedError:
        seen.tell((await _shown(house, caller, row["id"])).headers["ETag"])
        raise

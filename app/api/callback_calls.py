# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/callbacks/{id}/calls: what was told, and what is told once more."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from app.api.callback_view import CallbackInPath, CallSeen, call_seen
from app.api.callers import Owner, Reader
from app.api.examples import REPLAYS
from app.api.house import House, Open
from app.api.pages import Next, Pages, Paging
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.view import Count, View
from app.domain.notice import Instant, Strict
from app.endpoints import Whose, ask_again, endpoint, replay, replay_one
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Callbacks"])
CallInPath = Annotated[
    str,
    Path(
        max_length=60,
        pattern=r"^msg_[0-9a-f]+$",
        description="The webhook-id of a call.",
        examples=["msg_0193a1b27c4d7e8f9a0b1c2d3e4f5a6b"],
    ),
]
MANY = """
select id, type, notice_id, state, tries, due_at, tried_at, error, created_at from endpoint_call
 where endpoint_id = $1 and ($2::text is null or state = $2) and id < $3 order by id desc limit $4
"""
ONE = "select id, type, notice_id, state, tries, due_at, tried_at, error, created_at from endpoint_call where id = $1"
LAST = "msg_~"


class CallFilter(Paging):
    state: Literal["due", "delivered", "failed", "missed"] | None = Field(None, description="Calls in this state.")


class CallPage(View):
    """Calls, newest first."""

    items: list[CallSeen] = Field(max_length=200)
    next: Next


class ReplayWish(Strict):
    """Calls of which events: since this moment, at most 10 000."""

    since: Instant


class Replayed(View):
    """How many calls are made once more, each under its old id."""

    calls: Count


@router.get("/callbacks/{callback_id}/calls", summary="List the calls of a callback")
async def list_calls(
    caller: Reader, callback_id: CallbackInPath, asked: Annotated[CallFilter, Query()], house: Open
) -> CallPage:
    """List what was, is or should have been told, newest first; kept for 90 days."""
    pages = Pages(house.settings, f"/v1/callbacks/{callback_id}/calls", asked)
    (after,) = pages.after() or (LAST,)
    async with house.database.pool.acquire() as connection, connection.transaction():
        await endpoint(connection, Whose(callback_id, caller.source))
        rows = await connection.fetch(MANY, callback_id, asked.state, after, asked.more)
    shown, following = pages.cut(rows, lambda row: (row["id"],))
    return CallPage(items=[call_seen(row) for row in shown], next=following)


@router.post("/callbacks/{callback_id}/check", summary="Ask a receiver for its consent once more")
async def check_callback(caller: Owner, callback_id: CallbackInPath, house: Open) -> Replayed:
    """Let a worker ask again now; until the receiver consents, its calls wait. The answer counts those that wait."""
    async with house.database.pool.acquire() as connection, connection.transaction():
        waiting = await ask_again(connection, caller.actor, Whose(callback_id, caller.source))
    house.doorbell.ring()
    return Replayed(calls=waiting)


@router.post("/callbacks/{callback_id}/recover", summary="Repeat the calls that failed", responses={409: {}})
async def recover_calls(
    caller: Owner,
    callback_id: CallbackInPath,
    wish: Annotated[ReplayWish, Depends(Reading(ReplayWish, examples=REPLAYS))],
    house: Open,
) -> Replayed:
    """Make the calls once more that were given up."""
    return await _again(house, caller, callback_id, wish, "failed")


@router.post("/callbacks/{callback_id}/replay-missing", summary="Make the calls that were missed", responses={409: {}})
async def replay_missing_calls(
    caller: Owner,
    callback_id: CallbackInPath,
    wish: Annotated[ReplayWish, Depends(Reading(ReplayWish, examples=REPLAYS))],
    house: Open,
) -> Replayed:
    """Make the calls that were never tried, because the callback was disabled at the time."""
    return await _again(house, caller, callback_id, wish, "missed")


@router.post("/callbacks/{callback_id}/calls/{call_id}/replay", summary="Make one call once more", responses={409: {}})
async def replay_call(caller: Owner, callback_id: CallbackInPath, call_id: CallInPath, house: Open) -> CallSeen:
    """Make one call once more, whatever came of it, under the same webhook-id."""
    async with house.database.pool.acquire() as connection, connection.transaction():
        await replay_one(connection, caller.actor, Whose(callback_id, caller.source), call_id)
        row = await connection.fetchrow(ONE, call_id)
    assert row is not None  # noqa: S101 - it was changed this moment
    log.info("callback.replayed", callback=str(callback_id), count=1)
    house.doorbell.ring()
    return call_seen(row)


async def _again(house: House, caller: Owner, callback_id: CallbackInPath, wish: ReplayWish, state: str) -> Replayed:
    async with house.database.pool.acquire() as connection, connection.transaction():
        whose = Whose(callback_id, caller.source)
        count = await replay(connection, caller.actor, whose, state, wish.since)
    log.info("callback.replayed", callback=str(callback_id), count=count)
    house.doorbell.ring()
    return Replayed(calls=count)

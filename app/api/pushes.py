# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/channels/{slug}/pushes: what was pushed of a rationed quota, by us and by hand, and what is left."""

import json
from typing import Annotated, Literal

from asyncpg import Record
from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from app.api.callers import ChannelAdmin, ChannelOnlooker
from app.api.examples import HAND_MADE
from app.api.house import House, Open
from app.api.idempotency import Making, was_made_now
from app.api.pages import Next, Pages, Paging
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.services import SlugInPath
from app.api.view import Count, Moment, Number, Reference, View, Words, answer
from app.audit import record
from app.channels import channel_named
from app.database import Connection
from app.domain.notice import Instant, Name, Strict
from app.pushes import allowance_of, enter_by_hand, pushes_of
from app.tables import Channel
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Pushes"])
NEWEST = 2**63 - 1


class AllowanceSeen(View):
    """What was left when a worker last counted; null: no such limit."""

    today: Count | None
    month: Count | None
    opens_at: Moment = Field(description="From then on the next push may go out.")


class PushSeen(View):
    """One push that counts against the quota. by_hand: entered by an operator."""

    id: Number
    state: Literal["prepared", "called", "submitted", "done", "failed", "deleted", "by_hand"]
    at: Moment
    reference: Reference | None
    entered_by: Words | None
    note: Words | None


class PushPage(View):
    """The pushes of a channel, newest first, and what is left of its quota (null: nothing was counted yet)."""

    allowance: AllowanceSeen | None
    items: Annotated[list[PushSeen], Field(max_length=200)]
    next: Next


class HandMade(Strict):
    """A push that somebody made on the platform's own site; the platform tells nobody of it."""

    at: Instant
    note: Name | None = None


class Entered(View):
    id: Number


@router.get("/channels/{slug}/pushes", summary="List the pushes of a channel")
async def list_pushes(_: ChannelOnlooker, slug: SlugInPath, asked: Annotated[Paging, Query()], house: Open) -> PushPage:
    """List what was pushed and what is left of the quota. Empty for platforms that do not ration."""
    channel = await _channel(house, slug)
    pages = Pages(house.settings, f"/v1/channels/{slug}/pushes", asked)
    (before,) = pages.after() or (NEWEST,)
    rows = await pushes_of(house.database.pool, channel.id, int(before), asked.more)
    shown, following = pages.cut(rows, lambda row: (row["id"],))
    left = await allowance_of(house.database.pool, channel.id)
    allowance = None if left is None else AllowanceSeen(**dict(left))
    return PushPage(allowance=allowance, items=[_seen(row) for row in shown], next=following)


@router.post(
    "/channels/{slug}/pushes", status_code=201, summary="Enter a push that was made by hand", response_model=Entered
)
async def enter_push(
    caller: ChannelAdmin,
    slug: SlugInPath,
    made: Annotated[HandMade, Depends(Reading(HandMade, examples=HAND_MADE))],
    house: Open,
    once: Making,
) -> Response:
    """Count a push that somebody made on the platform's own site, so that ours do not ask for more than is left."""
    channel = await _channel(house, slug)

    async def enter(connection: Connection) -> Response:
        number = await enter_by_hand(connection, channel.id, made.at, caller.actor.who, made.note)
        await record(connection, caller.actor, "push.entered", f"channel/{slug}", after={"push": number})
        return answer(Entered(id=number), 201)

    response = await once.entered(house, caller, enter)
    if was_made_now(response):
        log.info("push.entered", channel=slug, push=json.loads(bytes(response.body))["id"])
    return response


async def _channel(house: House, slug: str) -> Channel:
    async with house.database.sessions() as session:
        return await channel_named(session, slug)


def _seen(row: Record) -> PushSeen:
    same = ("id", "state", "at", "reference", "entered_by", "note")
    return PushSeen(**{name: row[name] for name in same})

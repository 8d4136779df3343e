# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/choices: what is worth a push, where a platform rations them."""

import json
from typing import Annotated, Any, Literal

from asyncpg import Record
from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, Field
from starlette.responses import Response

from app.api.callers import LetterOnlooker, Redriver
from app.api.channel_view import ChannelNamed
from app.api.dead_letters import DeliveryInPath
from app.api.examples import CHOICES
from app.api.house import Open
from app.api.notice_view import first_title
from app.api.pages import Next, Pages, Paging
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.view import Count, Link, Moment, Number, View, Words, no_content
from app.audit import record
from app.domain.errors import StateConflictError
from app.domain.lane import NAMES
from app.domain.notice import Priority, Strict
from app.domain.quota import MOST_ARTICLES
from app.domain.whole import WHOLE
from app.pushes import choose, choose_together, waiting
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Pushes"])
FIRST = (-1, 0)
TOGETHER: dict[str, Any] = {
    "send": {"summary": "They are worth one push", "value": {"deliveries": [17, 19], "choice": "send"}},
    "leave": {"summary": "They are not", "value": {"deliveries": [17, 19], "choice": "leave"}},
}


def _different(deliveries: list[int]) -> list[int]:
    if len(set(deliveries)) < len(deliveries):
        raise ValueError("each delivery is named once")
    return deliveries


class ChoiceWaiting(View):
    """A notice that waits until a person says whether it is worth a push."""

    delivery_id: Number
    channel: ChannelNamed
    priority: Priority
    title: Words
    notice: Link
    correction: bool = Field(description="It was pushed already; this would be a further push of a later revision.")
    quota: Words = Field(description="What was left of the quota when it was asked.")
    articles: Count = Field(description="How many it would be of the eight that one push holds.")
    asked_at: Moment
    expires_at: Moment | None


class ChoiceTogether(Strict):
    """Deliveries of one channel, and what becomes of them; send: one push for all, as soon as the quota allows."""

    deliveries: Annotated[
        list[Annotated[Number, WHOLE]],
        Field(min_length=1, max_length=MOST_ARTICLES, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_different),
    ]
    choice: Literal["send", "leave"]


class ChoicePage(View):
    """What waits for a choice, urgent ones first, then the oldest."""

    items: Annotated[list[ChoiceWaiting], Field(max_length=200)]
    next: Next


class ChoiceMade(Strict):
    """send: it is pushed as soon as the quota allows. leave: it is not; a first push then ends as a dead letter."""

    choice: Literal["send", "leave"]


@router.get("/choices", summary="List what waits for a choice")
async def list_choices(_: LetterOnlooker, asked: Annotated[Paging, Query()], house: Open) -> ChoicePage:
    """List the notices of which a person must say whether they are worth a push, urgent ones first."""
    pages = Pages(house.settings, "/v1/choices", asked)
    lane, number = pages.after() or FIRST
    rows = await waiting(house.database.pool, (int(lane), int(number)), asked.more)
    shown, following = pages.cut(rows, lambda row: (row["lane"], row["id"]))
    return ChoicePage(items=[_seen(house.public, row) for row in shown], next=following)


@router.post("/deliveries/{delivery_id}/choice", status_code=204, summary="Choose whether to push", responses={409: {}})
async def choose_push(
    caller: Redriver,
    delivery_id: DeliveryInPath,
    made: Annotated[ChoiceMade, Depends(Reading(ChoiceMade, examples=CHOICES))],
    house: Open,
) -> Response:
    """Say whether a notice is worth a push. One that waits for no choice (any more) is left as it is: 409."""
    async with house.database.pool.acquire() as connection, connection.transaction():
        if not await choose(connection, delivery_id, made.choice, caller.actor.who):
            raise StateConflictError("The delivery does not wait for a choice.")
        target, after = f"delivery/{delivery_id}", {"choice": made.choice}
        await record(connection, caller.actor, "delivery.chosen", target, after=after)
    log.info("delivery.chosen", delivery=delivery_id, choice=made.choice)
    house.doorbell.ring()
    return no_content()


@router.post("/choices", status_code=204, summary="Choose for several at once", responses={409: {}})
async def choose_pushes(
    caller: Redriver,
    made: Annotated[ChoiceTogether, Depends(Reading(ChoiceTogether, examples=TOGETHER))],
    house: Open,
) -> Response:
    """Say of several notices of a channel whether they are worth a push, which they share: it costs one.

    All of them or none: they hold no more than eight articles, and each must wait for a choice.
    """
    async with house.database.pool.acquire() as connection, connection.transaction():
        await choose_together(connection, made.deliveries, made.choice, caller.actor.who)
        for delivery in made.deliveries:
            others = [each for each in made.deliveries if each != delivery]
            after = {"choice": made.choice, "with": others}
            await record(connection, caller.actor, "delivery.chosen", f"delivery/{delivery}", after=after)
    for delivery in made.deliveries:
        log.info("delivery.chosen", delivery=delivery, choice=made.choice)
    house.doorbell.ring()
    return no_content()


def _seen(public: str, row: Record) -> ChoiceWaiting:
    return ChoiceWaiting(
        delivery_id=row["id"],
        channel=ChannelNamed(slug=row["slug"], kind=row["kind"]),
        priority=Priority(NAMES[row["lane"]]),
        title=first_title(json.loads(row["content"])),
        notice=f"{public}/v1/notices/{row['notice_id']}",
        correction=row["shown"] is not None,
        quota=row["why"],
        articles=row["articles"],
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
    )

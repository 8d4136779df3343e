# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/notices/{id}/deliveries: what each channel should show, what it shows, and every try."""

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, Query
from pydantic import Field

from app.api.callers import Reader
from app.api.channel_view import ChannelNamed
from app.api.house import Open
from app.api.notice_view import NoticeInPath
from app.api.pages import Next, Pages, Paging
from app.api.routes import StrictRoute
from app.api.view import Count, Moment, Number, Reference, View, Words
from app.database import Pool
from app.domain.delivery import Action, State
from app.domain.errors import NotFoundError
from app.domain.outcome import Wire

router = APIRouter(route_class=StrictRoute, tags=["Notices"])
LOGGED = 50
Awaited = Annotated[str, Field(max_length=20, pattern=r"^[A-Za-z-]+$", examples=["zh-Hans"])]
SEEN = "select true from notice where id = $1 and ($2::text is null or source = $2)"
DELIVERIES = """
select d.id, d.channel_id, d.state, d.wanted, d.shown, d.posts, d.attempts, d.last_error, d.due_at, d.settled_at,
       d.parked, d.awaits, d.erase, d.deleted_at, c.slug, c.kind
  from delivery d join channel c on c.id = d.channel_id
 where d.notice_id = $1 and ($2::text is null or d.state = $2) and d.id > $3
 order by d.id limit $4
"""
ATTEMPTS = """
select a.delivery_id, a.action, a.revision, a.started_at, a.finished_at, a.outcome, a.wire, a.error
  from unnest($1::bigint[]) as one (id)
 cross join lateral (select * from attempt where delivery_id = one.id order by token desc limit $2) a
 order by a.delivery_id, a.token
"""


class AttemptSeen(View):
    """One try, with how far it got on the wire: from `headers` on the platform may have acted."""

    action: Action
    revision: Count
    started_at: Moment
    finished_at: Moment | None
    outcome: Words | None = Field(description="What it came to; null while it is under way.", examples=["delivered"])
    wire_phase: Wire | None
    error: Words | None


class TakenBack(StrEnum):
    """What became of a withdrawn notice in a channel.

    deleted: nothing of it stands there any more. struck: it stands there, marked. partly_deleted: some of each.
    stands: some of it stands there as if it held, and a person must see to it.
    """

    DELETED = "deleted"
    STRUCK = "struck"
    PARTLY_DELETED = "partly_deleted"
    STANDS = "stands"


class DeliverySeen(View):
    """What one channel should show of a notice, what it does show, and every try so far."""

    id: Number
    channel: ChannelNamed
    channel_id: UUID
    state: State
    parked: bool = Field(description="The channel is paused, so the delivery waits.")
    awaits: Awaited | None = Field(
        description="What the channel waits for: the language of a text that must be approved, `second-person`, "
        "or `tomorrow`, where it has been told enough today."
    )
    wanted: Count | None = Field(description="The revision the channel should show; null: nothing.")
    shown: Count | None = Field(description="The revision it shows; null: nothing yet.")
    attempts: Count
    references: list[Reference] = Field(max_length=100)
    taken_back: TakenBack | None = Field(description="What became of the posts of a withdrawn notice; null: nothing.")
    deleted_at: Moment | None = Field(description="When something of it was last deleted.")
    last_error: Words | None
    due_at: Moment
    settled_at: Moment | None
    attempt_log: list[AttemptSeen] = Field(max_length=LOGGED, description=f"The last {LOGGED} tries, oldest first.")


class DeliveryFilter(Paging):
    state: State | None = Field(None, description="Deliveries in this state.")


class DeliveryPage(View):
    """Deliveries in the order in which they were owed."""

    items: list[DeliverySeen] = Field(max_length=200)
    next: Next


@router.get("/notices/{notice_id}/deliveries", summary="List the deliveries of a notice")
async def list_deliveries(
    caller: Reader, notice_id: NoticeInPath, asked: Annotated[DeliveryFilter, Query()], house: Open
) -> DeliveryPage:
    """List what a notice owes, channel by channel, with the state of each delivery and its tries."""
    pool = house.database.pool
    if not await pool.fetchval(SEEN, notice_id, caller.source):
        raise NotFoundError("There is no such notice.")
    pages = Pages(house.settings, f"/v1/notices/{notice_id}/deliveries", asked)
    (after,) = pages.after() or ("0",)
    rows = await pool.fetch(DELIVERIES, notice_id, asked.state, int(after), asked.more)
    shown, following = pages.cut(rows, lambda row: (row["id"],))
    return DeliveryPage(items=await _with_attempts(pool, shown), next=following)


async def _with_attempts(pool: Pool, rows: Sequence[Record]) -> list[DeliverySeen]:
    tries = await pool.fetch(ATTEMPTS, [row["id"] for row in rows], LOGGED)
    return [_seen(row, [each for each in tries if each["delivery_id"] == row["id"]]) for row in rows]


def _seen(row: Record, tries: Iterable[Record]) -> DeliverySeen:
    same = ("id", "channel_id", "state", "parked", "awaits", "wanted", "shown", "attempts", "last_error")
    moments = ("due_at", "settled_at", "deleted_at")
    return DeliverySeen(
        **{name: row[name] for name in (*same, *moments)},
        channel=ChannelNamed(slug=row["slug"], kind=row["kind"]),
        references=[post["reference"] for post in json.loads(row["posts"]) if post["reference"]],
        taken_back=_taken_back(row),
        attempt_log=[_try(each) for each in tries],
    )


def _taken_back(row: Record) -> TakenBack | None:
    """Say how a withdrawn notice was taken back, where anything of it was shown."""
    stands, deleted = row["posts"] != "[]", row["erase"] and row["deleted_at"] is not None
    if stands and row["wanted"] is None and row["state"] in (State.HELD, State.DEAD):
        return TakenBack.STANDS
    if row["state"] != State.WITHDRAWN or not (stands or deleted):
        return None
    if not deleted:
        return TakenBack.STRUCK
    return TakenBack.PARTLY_DELETED if stands else TakenBack.DELETED


def _try(row: Record) -> AttemptSeen:
    same = ("action", "revision", "started_at", "finished_at", "outcome", "error")
    return AttemptSeen(**{name: row[name] for name in same}, wire_phase=row["wire"])

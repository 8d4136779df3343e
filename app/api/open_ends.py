# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Deliveries that wait for a person: how dead letters and held ones are found and shown."""

import json
from typing import Annotated
from uuid import UUID

from asyncpg import Record
from pydantic import Field

from app.api.channel_view import ChannelNamed
from app.api.house import House
from app.api.notice_view import first_title
from app.api.pages import Next, Pages, Paging
from app.api.view import Count, EventId, Link, Moment, Number, SlugShown, View, Words
from app.domain.delivery import State
from app.domain.notice import Slug

FOUND = """
select d.id, d.token, d.notice_id, d.channel_id, d.attempts, d.last_error, d.created_at, d.settled_at, d.expires_at,
       n.source, n.event_id, n.content, c.slug, c.kind,
       d.doubted or d.state = 'held' and (coalesce(d.intent ->> 'action', 'post') = 'post'
                                          or d.intent ->> 'reference' is null) as doubted,
       (select error from attempt where delivery_id = d.id and error is not null order by token desc limit 1) as answer
  from delivery d join notice n on n.id = d.notice_id join channel c on c.id = d.channel_id
 where d.state = $1 and ($2::text is null or c.slug = $2) and ($3::uuid is null or d.notice_id = $3) and d.id < $4
 order by d.id desc limit $5
"""
NEWEST = 2**63 - 1


class OpenEndFilter(Paging):
    channel: Slug | None = Field(None, description="Of this channel.")
    notice: UUID | None = Field(None, description="Of this notice.")


class NoticeNamed(View):
    id: UUID
    source: SlugShown
    event_id: EventId
    title: Words
    link: Link


class OpenEnd(View):
    """A delivery that goes nowhere until a person decides."""

    delivery_id: Number
    question: Count = Field(description="Which question it is, where it is held: a decision names it.")
    notice: NoticeNamed
    channel: ChannelNamed
    channel_id: UUID
    reason: Words | None = Field(description="Why it was given up, or why nobody can tell.")
    last_answer: Words | None = Field(
        description="What the last attempt that failed heard, or why it heard nothing; null: none is on record."
    )
    doubted: bool = Field(description="It may have arrived: a post may stand in the channel of which nobody knows.")
    attempts: Count
    owed_since: Moment
    settled_at: Moment | None
    expires_at: Moment | None


class OpenEndPage(View):
    """Deliveries that wait for a person, newest first."""

    items: Annotated[list[OpenEnd], Field(max_length=200)]
    next: Next


async def found(house: House, path: str, state: State, asked: OpenEndFilter) -> OpenEndPage:
    """List the deliveries in a state that match."""
    pages = Pages(house.settings, path, asked)
    (before,) = pages.after() or (NEWEST,)
    where = (state.value, asked.channel, asked.notice, int(before))
    rows = await house.database.pool.fetch(FOUND, *where, asked.more)
    shown, following = pages.cut(rows, lambda row: (row["id"],))
    return OpenEndPage(items=[_seen(house.public, row) for row in shown], next=following)


def _seen(public: str, row: Record) -> OpenEnd:
    notice = NoticeNamed(
        id=row["notice_id"],
        source=row["source"],
        event_id=row["event_id"],
        title=first_title(json.loads(row["content"])),
        link=f"{public}/v1/notices/{row['notice_id']}",
    )
    return OpenEnd(
        delivery_id=row["id"],
        question=row["token"],
        notice=notice,
        channel=ChannelNamed(slug=row["slug"], kind=row["kind"]),
        channel_id=row["channel_id"],
        reason=row["last_error"],
        last_answer=row["answer"],
        doubted=row["doubted"],
        attempts=row["attempts"],
        owed_since=row["created_at"],
        settled_at=row["settled_at"],
        expires_at=row["expires_at"],
    )

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a channel is shown."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.api.house import House
from app.api.notice_view import Tag
from app.api.standing import Counts, counts_in
from app.api.view import Count, Link, Moment, Names, Slugs, SlugShown, View, Words
from app.tables import Channel

LATEST = 500
"""Of so many deliveries that a channel was last owed the settled ones are counted: it may have had millions."""
COUNTS = """
select channel_id, state, sum(number)::bigint as number
  from (select channel_id, state, count(*) as number from delivery
         where channel_id = any($1::uuid[]) and state in ('due', 'in_doubt') and not parked group by 1, 2
        union all
        select channel_id, state, count(*) from delivery
         where channel_id = any($1::uuid[])
           and ((state in ('due', 'in_doubt') and parked) or state in ('held', 'dead')) group by 1, 2
        union all
        select id, state, count(*)
          from unnest($1::uuid[]) as one (id)
         cross join lateral (
           select state from delivery where channel_id = one.id order by delivery.id desc limit $2) as latest
         where state in ('delivered', 'expired', 'withdrawn') group by 1, 2) as counted
 group by 1, 2
"""
MINUTE = timedelta(minutes=1)
Kind = Annotated[str, Field(max_length=20, pattern=r"^[a-z]+$", examples=["telegram"])]


class ChannelNamed(View):
    slug: SlugShown
    kind: Kind


class AudienceSeen(View):
    """What a channel follows; an empty list means everything."""

    services: Slugs
    grades: Names
    schools: Names
    areas: Names


class Rights(View):
    """What we may do in the channel, as its platform says."""

    name: Annotated[str, Field(max_length=60, pattern=r"^[a-z_]+$", examples=["can_post_messages"])]
    granted: bool


class CheckSeen(View):
    """What the platform said of the channel. unknown: it could not be asked; check again when a worker runs."""

    verdict: Literal["ok", "refused", "unknown"]
    problem: Words | None = Field(description="What a person must mend.")
    title: Words | None
    rights: list[Rights] = Field(max_length=50)
    can_ask: bool = Field(description="It is proved that the channel can be asked whether a doubted post arrived.")
    checked_at: Moment


class PaceSeen(View):
    free_at: Moment | None = Field(description="When the channel may be posted to again; null: now.")
    sent_in_last_minute: Count = Field(description="Where it has no limit, some 60 stand for any more than that.")


class ChannelLinks(View):
    here: Link = Field(alias="self")
    check: Link


class ChannelSeen(View):
    """A place we publish to, and how it does."""

    id: UUID
    slug: SlugShown
    kind: Kind
    address: Words
    title: Words | None
    language: Tag
    fallback: bool
    interim: bool
    test: bool
    audience: AudienceSeen
    state: Literal["active", "paused"]
    paused_at: Moment | None
    paused_reason: Words | None
    check: CheckSeen
    pace: PaceSeen
    deliveries: Counts = Field(
        description="What is due, in doubt, held or dead: all of it. What is settled: of the last "
        f"{LATEST} that the channel was owed."
    )
    created_at: Moment
    links: ChannelLinks


async def channels_seen(house: House, channels: Sequence[Channel]) -> list[ChannelSeen]:
    """Show channels with the counts of what waits, and of what came of their latest deliveries."""
    rows = await house.database.pool.fetch(COUNTS, [channel.id for channel in channels], LATEST)
    return [
        _seen(house.public, channel, counts_in(row for row in rows if row["channel_id"] == channel.id))
        for channel in channels
    ]


def check_seen(channel: Channel) -> CheckSeen:
    found: Mapping[str, Any] = channel.check_result or {}
    granted = found.get("rights") or {}
    return CheckSeen(
        verdict=found.get("verdict", "unknown"),
        problem=found.get("problem"),
        title=found.get("title"),
        rights=[Rights(name=name, granted=bool(value)) for name, value in sorted(granted.items())],
        can_ask=channel.can_ask,
        checked_at=channel.checked_at or channel.created_at,
    )


def _seen(public: str, channel: Channel, counts: Counts) -> ChannelSeen:
    here = f"{public}/v1/channels/{channel.slug}"
    same = (
        "id",
        "slug",
        "kind",
        "address",
        "title",
        "language",
        "fallback",
        "interim",
        "test",
        "paused_at",
        "paused_reason",
        "created_at",
    )
    lists = ("services", "grades", "schools", "areas")
    return ChannelSeen(
        **{name: getattr(channel, name) for name in same},
        audience=AudienceSeen(**{name: getattr(channel, name) for name in lists}),
        state="active" if channel.paused_at is None else "paused",
        check=check_seen(channel),
        pace=_pace(channel),
        deliveries=counts,
        links=ChannelLinks(here=here, check=f"{here}/check"),
    )


def _pace(channel: Channel) -> PaceSeen:
    now = datetime.now(UTC)
    recent = [at for at in channel.sent if at > now - MINUTE]
    return PaceSeen(free_at=channel.free_at if channel.free_at > now else None, sent_in_last_minute=len(recent))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/channels: the places we publish to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, Field
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from uuid_utils.compat import uuid7

from app import channels
from app.access import Caller
from app.api.callers import ChannelAdmin, ChannelOnlooker
from app.api.channel_view import ChannelSeen, channels_seen
from app.api.examples import CHANNEL_CHANGES, CHANNELS
from app.api.house import Open
from app.api.idempotency import Making, was_made_now
from app.api.pages import Next, Pages, Paging
from app.api.reading import MERGE_PATCH, Reading
from app.api.routes import StrictRoute
from app.api.services import SlugInPath
from app.api.view import View, answer, no_content
from app.audit import record
from app.channels import add_channel, channel_named, pause, retire
from app.checks import ask
from app.database import driver_of
from app.domain.markup import checked_plain_text
from app.domain.notice import SPELT, LanguageTag, Name, Slug, Strict
from app.kinds import KnownKind
from app.outbox import resume
from app.tables import Channel
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Channels"])
Title = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra=SPELT), AfterValidator(checked_plain_text)]
Followed = Annotated[list[Slug], Field(max_length=200)]
Told = Annotated[list[Name], Field(max_length=200)]


class ChannelAudience(Strict):
    """What a channel follows; an empty list means everything."""

    services: Followed = Field(default_factory=list)
    grades: Told = Field(default_factory=list)
    schools: Told = Field(default_factory=list)
    areas: Told = Field(default_factory=list)


class NewChannel(Strict):
    """A place to publish to. fallback false: notices without the channel's language are not sent there.

    interim true: while a text of the channel's language waits for a person's approval, the channel shows another one;
    else it waits. test true: it shows exercises and nothing else.
    """

    slug: Slug
    kind: KnownKind
    address: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[\x21-\x7e]+$")]
    title: Title | None = None
    language: LanguageTag
    fallback: bool = True
    interim: bool = False
    test: bool = False
    audience: ChannelAudience = Field(default_factory=ChannelAudience)


class ChannelChange(Strict):
    """What is left out stays. paused true stops posting; what the channel is owed waits until it is false again."""

    title: Title | None = None
    language: LanguageTag = Field(default_factory=str)
    fallback: bool = Field(default_factory=bool)
    interim: bool = Field(default_factory=bool)
    test: bool = Field(default_factory=bool)
    audience: ChannelAudience = Field(default_factory=ChannelAudience)
    paused: bool = Field(default_factory=bool)


class ChannelPage(View):
    """Channels in the order of their short names."""

    items: list[ChannelSeen] = Field(max_length=200)
    next: Next


@router.post("/channels", status_code=201, summary="Make a channel", responses={409: {}}, response_model=ChannelSeen)
async def make_channel(
    caller: ChannelAdmin,
    new: Annotated[NewChannel, Depends(Reading(NewChannel, examples=CHANNELS))],
    house: Open,
    once: Making,
) -> Response:
    """Check a channel with its platform, then store it; notices reach it from then on.

    What a person must mend first is said with 422, and nothing is stored. Where the platform could not be asked now,
    the channel is stored and `check.verdict` is `unknown`.
    """
    earlier = await once.earlier(house, caller)
    if earlier is not None:
        return earlier
    found = await ask(house.database.pool, house.doorbell, new.kind, new.address, by=caller.key)
    told = new.model_dump(mode="json", exclude={"audience"})
    channel = Channel(id=uuid7(), **told, **new.audience.model_dump())

    async def make(session: AsyncSession) -> Response:
        (made,) = await channels_seen(house, [await add_channel(session, channel, found, caller.actor)])
        return answer(made, 201, Location=made.links.here)

    response = await once.made(house, caller, make)
    if was_made_now(response):
        log.info("channel.added", channel=channel.slug, verdict=found.verdict)
    return response


@router.get("/channels/{slug}", summary="Look at a channel")
async def show_channel(_: ChannelOnlooker, slug: SlugInPath, house: Open) -> ChannelSeen:
    """Show a channel: whether it is posted to, its pace, its last check, and its deliveries by state."""
    async with house.database.sessions() as session:
        channel = await channel_named(session, slug)
    return (await channels_seen(house, [channel]))[0]


@router.get("/channels", summary="List channels")
async def list_channels(_: ChannelOnlooker, asked: Annotated[Paging, Query()], house: Open) -> ChannelPage:
    """List the channels that are published to."""
    pages = Pages(house.settings, "/v1/channels", asked)
    (after,) = pages.after() or ("",)
    in_use = select(Channel).where(Channel.slug > after, col(Channel.retired_at).is_(None))
    async with house.database.sessions() as session:
        rows = (await session.exec(in_use.order_by(col(Channel.slug)).limit(asked.more))).all()
    shown, following = pages.cut(rows, lambda row: (row.slug,))
    return ChannelPage(items=await channels_seen(house, shown), next=following)


@router.patch("/channels/{slug}", summary="Change, pause or resume a channel")
async def change_channel(
    caller: ChannelAdmin,
    slug: SlugInPath,
    change: Annotated[ChannelChange, Depends(Reading(ChannelChange, media_type=MERGE_PATCH, examples=CHANNEL_CHANGES))],
    house: Open,
) -> ChannelSeen:
    """Change what a channel follows and how; notices that are already owed to it stay owed."""
    fields = change.model_dump(exclude_unset=True)
    audience, paused = fields.pop("audience", {}), fields.pop("paused", None)
    async with house.database.sessions.begin() as session:
        channel = await channel_named(session, slug, for_update=True)
        if paused:  # before any act is written down, on which others wait with deliveries in their hands
            await pause(session, channel, caller.actor)
        if paused is False and not await _resumed(session, channel, caller):
            paused = None
        if fields or audience:
            await channels.change_channel(session, channel, {**fields, **audience}, caller.actor)
    if paused is False:
        house.doorbell.ring()
    _say_what_changed(slug, paused=paused)
    return await show_channel(caller, slug, house)


@router.delete("/channels/{slug}", status_code=204, summary="Retire a channel")
async def retire_channel(caller: ChannelAdmin, slug: SlugInPath, house: Open) -> Response:
    """End a channel for good: what it is still owed is withdrawn, what it shows stays there, its slug is free again.

    Of a chat with one person the number is forgotten everywhere; only the counts of deliveries stay.
    An attempt under way at that moment may still appear in the channel; it is not recorded any more.
    """
    async with house.database.sessions.begin() as session:
        await retire(session, await channel_named(session, slug, for_update=True), caller.actor)
    log.info("channel.retired", channel=slug)
    return no_content()


async def _resumed(session: AsyncSession, channel: Channel, caller: Caller) -> bool:
    """Let it be posted to again; whoever resumes what is not paused has done nothing."""
    resumed = await resume(await driver_of(session), channel.id)
    if resumed:
        await record(session, caller.actor, "channel.resumed", f"channel/{channel.slug}")
    return resumed


def _say_what_changed(slug: str, *, paused: bool | None) -> None:
    log.info("channel.changed", channel=slug)
    if paused is not None:
        log.info("channel.paused" if paused else "channel.resumed", channel=slug)

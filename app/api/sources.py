# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/sources: the municipal systems that hand in notices."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, Field
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from app import sources
from app.api.callers import SourceAdmin, SourceOnlooker
from app.api.examples import SOURCE_CHANGES, SOURCES
from app.api.house import Open
from app.api.idempotency import Making, was_made_now
from app.api.key_view import Days
from app.api.pages import Next, Pages, Paging
from app.api.reading import MERGE_PATCH, Reading
from app.api.routes import StrictRoute
from app.api.services import SlugInPath
from app.api.trust import Signers, SignersShown, Vouchers
from app.api.view import KeyId, Moment, Slugs, SlugShown, View, Words, answer
from app.domain.notice import Name, Slug, Strict
from app.domain.uri import checked_event_source, each_once
from app.domain.whole import WHOLE
from app.keys import LONGEST_LIFE
from app.sources import add_source, source_named
from app.tables import Source
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Sources and keys"])
Allowed = Annotated[list[Slug], Field(max_length=200, description="Empty: every service.")]
EventSource = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        pattern=r"^[\x21-\x7e]+$",
        json_schema_extra={"format": "uri-reference"},
        examples=["https://mensa.comune.example.it/avvisi"],
    ),
    AfterValidator(checked_event_source),
]
EventSources = Annotated[
    list[EventSource],
    Field(
        max_length=20,
        json_schema_extra={"uniqueItems": True},
        description="The `source` of its CloudEvents: any of these URIs. A plain notice is an event of the first.",
    ),
    AfterValidator(each_once),
]


QUOTAS = ("requests_per_minute", "requests_per_day")
WHERE_IT_MAY_LEAD = "Hosts, with all below them, that its links may lead to and its callbacks may be at; empty: any."
LinkHosts = Annotated[
    list[Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", examples=["comune.prato.it"])]],
    Field(max_length=50, description=WHERE_IT_MAY_LEAD),
]
Requests = Annotated[
    int,
    Field(
        ge=0,
        le=100_000_000,
        json_schema_extra={"format": "int32"},
        description="Its own quota; null: the one of the installation, 0: no limit.",
    ),
    WHOLE,
]


class NewSource(Strict):
    """A municipal system, and the services it may speak of; none means every service."""

    slug: Slug
    name: Name
    services: Allowed = Field(default_factory=list)
    event_sources: EventSources = Field(default_factory=list)
    link_hosts: LinkHosts = Field(default_factory=list)
    key_expires_in_days: Days = LONGEST_LIFE

    def row(self) -> dict[str, Any]:
        """Give the members that are stored with the source."""
        return self.model_dump(include={"slug", "name", "services", "event_sources", "link_hosts"})


class SourceChange(Strict):
    """What is left out stays."""

    name: Name = Field(default_factory=str)
    services: Allowed = Field(default_factory=list)
    event_sources: EventSources = Field(default_factory=list)
    link_hosts: LinkHosts = Field(default_factory=list)
    vouchers: Vouchers = Field(default_factory=list)
    signers: Signers = Field(default_factory=list)
    requests_per_minute: Requests | None = None
    requests_per_day: Requests | None = None


class SourceSeen(View):
    slug: SlugShown
    name: Words
    services: Slugs
    link_hosts: LinkHosts
    vouchers: Vouchers
    signers: SignersShown
    event_sources: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=20)]
    requests_per_minute: Requests | None
    requests_per_day: Requests | None
    created_at: Moment


class SourceMade(SourceSeen):
    """A new source with its first key. Keep `key` now: it is not shown again."""

    key: str = Field(max_length=64, pattern=r"^camp_live_[A-Za-z0-9]{12}_[A-Za-z0-9]{38}$")
    key_id: KeyId
    key_expires_at: Moment


class SourcePage(View):
    """Sources in the order of their short names."""

    items: list[SourceSeen] = Field(max_length=200)
    next: Next


@router.post("/sources", status_code=201, summary="Make a source", responses={409: {}}, response_model=SourceMade)
async def make_source(
    caller: SourceAdmin,
    new: Annotated[NewSource, Depends(Reading(NewSource, examples=SOURCES))],
    house: Open,
    once: Making,
) -> Response:
    """Make a source and answer its key, this once."""
    source = Source(**new.row())

    async def make(session: AsyncSession) -> Response:
        key = await add_source(session, source, new.key_expires_in_days, caller.actor, house.settings.pepper)
        made = SourceMade(**_members(source), key=key.text, key_id=key.row.id, key_expires_at=key.row.expires_at)
        return answer(made, 201, Location=f"{house.public}/v1/sources/{source.slug}")

    response = await once.made(house, caller, make, sealed=True)
    if was_made_now(response):
        log.info("source.added", source=source.slug)
        log.info("key.created", key=json.loads(bytes(response.body))["key_id"], source=source.slug)
    return response


@router.get("/sources/{slug}", summary="Look at a source")
async def show_source(_: SourceOnlooker, slug: SlugInPath, house: Open) -> SourceSeen:
    """Show one source; its keys are under /sources/{slug}/keys."""
    async with house.database.sessions() as session:
        return SourceSeen(**_members(await source_named(session, slug)))


@router.get("/sources", summary="List sources")
async def list_sources(_: SourceOnlooker, asked: Annotated[Paging, Query()], house: Open) -> SourcePage:
    """List the systems that may hand in notices."""
    pages = Pages(house.settings, "/v1/sources", asked)
    (after,) = pages.after() or ("",)
    statement = select(Source).where(Source.slug > after).order_by(col(Source.slug)).limit(asked.more)
    async with house.database.sessions() as session:
        rows = (await session.exec(statement)).all()
    shown, following = pages.cut(rows, lambda row: (row.slug,))
    return SourcePage(items=[SourceSeen(**_members(row)) for row in shown], next=following)


@router.patch("/sources/{slug}", summary="Change a source", responses={409: {}})
async def change_source(
    caller: SourceAdmin,
    slug: SlugInPath,
    change: Annotated[SourceChange, Depends(Reading(SourceChange, media_type=MERGE_PATCH, examples=SOURCE_CHANGES))],
    house: Open,
) -> SourceSeen:
    """Change the name of a source, the services it may speak of or its event sources; its keys follow within a second.

    The first event source stays the first for as long as it is listed, since plain notices count as its events.
    """
    async with house.database.sessions.begin() as session:
        source = await source_named(session, slug, for_update=True)
        await sources.change_source(session, source, change.model_dump(exclude_unset=True), caller.actor)
    house.access.forget_all()
    log.info("source.changed", source=slug)
    return SourceSeen(**_members(source))


def _members(source: Source) -> dict[str, object]:
    shown = {"slug", "name", "services", "event_sources", "link_hosts", "vouchers", "signers", "created_at", *QUOTAS}
    return source.model_dump(include=shown)

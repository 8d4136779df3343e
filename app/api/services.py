# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/services: what notices are about. A new one needs no code and no restart."""

from typing import Annotated

from asyncpg import Record
from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.callers import Anyone, SourceAdmin
from app.api.examples import SERVICES
from app.api.house import Open
from app.api.notice_view import Tag
from app.api.pages import Next, Pages, Paging
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.versions import IfNoneThere, wants_none
from app.api.view import Moment, SlugShown, View, Words, answer
from app.approve import release, release_late
from app.audit import record
from app.domain.errors import NotFoundError, PreconditionFailedError
from app.domain.notice import SLUG, LanguageTag, Name, Strict
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Services"])
SlugInPath = Annotated[str, Path(pattern=SLUG, max_length=64, description="The short name.", examples=["mensa"])]
MAKE = """
insert into service (slug, name, approvals) values ($1, $2, coalesce($3::text[], '{}'))
on conflict (slug) do update set name = excluded.name, approvals = coalesce($3::text[], service.approvals)
returning slug, name, approvals, created_at, xmax = 0 as made
"""
NAME = "select name, approvals from service where slug = $1"
ONE = "select slug, name, approvals, created_at from service where slug = $1"
MANY = "select slug, name, approvals, created_at from service where slug > $1 order by slug limit $2"


class ServiceName(Strict):
    """How the service is called in what families read.

    approvals: languages whose texts go out only when a person has approved them; left out, they stay as they are.
    """

    name: Name = Field(examples=["Mensa scolastica"])
    approvals: list[LanguageTag] = Field(default_factory=list, max_length=12, examples=[["zh-Hans"]])


class ServiceSeen(View):
    slug: SlugShown
    name: Words
    approvals: list[Tag] = Field(max_length=100, description="Languages whose texts need an approval.")
    created_at: Moment


class ServicePage(View):
    """Services in the order of their short names."""

    items: list[ServiceSeen] = Field(max_length=200)
    next: Next


@router.put(
    "/services/{slug}",
    summary="Make or rename a service",
    response_model=ServiceSeen,
    responses={201: {"model": ServiceSeen, "description": "The service was made."}, 412: {}},
)
async def name_service(
    caller: SourceAdmin,
    slug: SlugInPath,
    named: Annotated[ServiceName, Depends(Reading(ServiceName, examples=SERVICES))],
    house: Open,
    request: Request,
    _only_new: IfNoneThere = None,
) -> Response:
    """Make a service, or give it another name. Notices may speak of it at once."""
    only_new = wants_none(request)
    async with house.database.pool.acquire() as connection, connection.transaction():
        earlier = await connection.fetchrow(NAME, slug)
        given = named.approvals if "approvals" in named.model_fields_set else None
        (row,) = await connection.fetch(MAKE, slug, named.name, given)
        if only_new and not row["made"]:
            raise PreconditionFailedError("There is a service of this name already.")
        changed = [name for name in ("name", "approvals") if earlier is None or earlier[name] != row[name]]
        before = None if earlier is None else {name: earlier[name] for name in changed}
        after = {name: row[name] for name in changed}
        if before is not None and "approvals" in before:
            await release(connection, slug)
        await record(connection, caller.actor, "service.changed", f"service/{slug}", before=before, after=after)
    if given is not None and earlier is not None:  # also where nothing changes: whoever calls again has it done
        await release_late(house.database.pool, slug)
    made: bool = row["made"]
    log.info("service.changed", service=slug, made=made)
    headers = {"Location": f"{house.public}/v1/services/{slug}"} if made else {}
    return answer(_seen(row), 201 if made else 200, **headers)


@router.get("/services/{slug}", summary="Look at a service")
async def show_service(_: Anyone, slug: SlugInPath, house: Open) -> ServiceSeen:
    """Show one service."""
    row = await house.database.pool.fetchrow(ONE, slug)
    if row is None:
        raise NotFoundError("There is no such service.")
    return _seen(row)


@router.get("/services", summary="List services")
async def list_services(_: Anyone, asked: Annotated[Paging, Query()], house: Open) -> ServicePage:
    """List the services that notices can be about."""
    pages = Pages(house.settings, "/v1/services", asked)
    (after,) = pages.after() or ("",)
    rows = await house.database.pool.fetch(MANY, after, asked.more)
    shown, following = pages.cut(rows, lambda row: (row["slug"],))
    return ServicePage(items=[_seen(row) for row in shown], next=following)


def _seen(row: Record) -> ServiceSeen:
    return ServiceSeen(**{name: row[name] for name in ("slug", "name", "approvals", "created_at")})

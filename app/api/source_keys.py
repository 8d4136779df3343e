# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/sources/{slug}/keys: two keys at once, so that one can replace the other without a gap."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from app.api.callers import SourceAdmin, SourceOnlooker
from app.api.examples import SOURCE_KEYS
from app.api.house import Open
from app.api.idempotency import Making, was_made_now
from app.api.key_view import KeyInPath, KeyIssued, KeySeen, KeyWish, issued, seen, wanted
from app.api.pages import Next, Pages, Paging
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.services import SlugInPath
from app.api.view import View, answer, no_content
from app.domain.errors import NotFoundError
from app.domain.key import Role
from app.keys import add_key, revoke
from app.sources import source_named
from app.tables import Key
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Sources and keys"])


class KeyPage(View):
    """Keys without their secrets."""

    items: list[KeySeen] = Field(max_length=200)
    next: Next


@router.post(
    "/sources/{slug}/keys", status_code=201, summary="Issue another key", responses={409: {}}, response_model=KeyIssued
)
async def issue_source_key(
    caller: SourceAdmin,
    slug: SlugInPath,
    wish: Annotated[KeyWish, Depends(Reading(KeyWish, examples=SOURCE_KEYS))],
    house: Open,
    once: Making,
) -> Response:
    """Issue a second key to rotate with: use it, then revoke the first. A third valid one is refused with 409."""
    asked = wanted(wish, Role.SOURCE, wish.label, slug)

    async def issue(session: AsyncSession) -> Response:
        key = await add_key(session, asked, caller.actor, house.settings.pepper)
        return answer(issued(key), 201, Location=f"{house.public}/v1/sources/{slug}/keys/{key.row.id}")

    response = await once.made(house, caller, issue, sealed=True)
    if was_made_now(response):
        log.info("key.created", key=response.headers["Location"].rpartition("/")[2], source=slug)
    return response


@router.get("/sources/{slug}/keys", summary="List the keys of a source")
async def list_source_keys(
    _: SourceOnlooker, slug: SlugInPath, asked: Annotated[Paging, Query()], house: Open
) -> KeyPage:
    """List all keys a source ever had, valid or not, without their secrets."""
    pages = Pages(house.settings, f"/v1/sources/{slug}/keys", asked)
    (after,) = pages.after() or ("",)
    statement = select(Key).where(Key.source == slug, Key.id > after).order_by(col(Key.id)).limit(asked.more)
    async with house.database.sessions() as session:
        await source_named(session, slug)
        rows = (await session.exec(statement)).all()
    shown, following = pages.cut(rows, lambda row: (row.id,))
    return KeyPage(items=[seen(row) for row in shown], next=following)


@router.get("/sources/{slug}/keys/{key_id}", summary="Look at a key of a source")
async def show_source_key(_: SourceOnlooker, slug: SlugInPath, key_id: KeyInPath, house: Open) -> KeySeen:
    """Show one key without its secret."""
    async with house.database.sessions() as session:
        key = await session.get(Key, key_id)
    if key is None or key.source != slug:
        raise NotFoundError("There is no such key.")
    return seen(key)


@router.delete("/sources/{slug}/keys/{key_id}", status_code=204, summary="Revoke a key of a source")
async def revoke_source_key(caller: SourceAdmin, slug: SlugInPath, key_id: KeyInPath, house: Open) -> Response:
    """Revoke a key: from this answer on it changes nothing, and within a second it reads nothing. Repeatable."""
    async with house.database.sessions.begin() as session:
        await revoke(session, key_id, slug, caller.actor)
    house.access.forget(key_id)
    log.info("key.revoked", key=key_id, source=slug)
    return no_content()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/keys: the keys of operators and viewers."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, Field
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from app.api.callers import Onlooker, Operator
from app.api.examples import KEYS
from app.api.house import Open
from app.api.idempotency import Making, is_fresh
from app.api.key_view import Days, KeyInPath, KeyIssued, KeySeen, issued, seen
from app.api.pages import Pages, Paging
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.source_keys import KeyPage
from app.api.view import answer, no_content
from app.domain.errors import NotFoundError
from app.domain.key import Role
from app.domain.markup import checked_plain_text
from app.domain.notice import Strict
from app.sources import LONGEST_LIFE, add_key, revoke
from app.tables import Key
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Sources and keys"])


class PersonKeyWish(Strict):
    """Who will hold the key, and what it may do."""

    role: Literal["operator", "viewer"]
    label: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(checked_plain_text)]
    expires_in_days: Days = LONGEST_LIFE


@router.post("/keys", status_code=201, summary="Issue a key to an operator or viewer", response_model=KeyIssued)
async def issue_key(
    caller: Operator,
    wish: Annotated[PersonKeyWish, Depends(Reading(PersonKeyWish, examples=KEYS))],
    house: Open,
    once: Making,
) -> Response:
    """Issue a key and answer it, this once. An operator administers everything, a viewer only sees it."""

    async def issue(session: AsyncSession) -> Response:
        key = await add_key(session, Role(wish.role), caller.actor, label=wish.label, days=wish.expires_in_days)
        return answer(issued(key), 201, Location=f"{house.public}/v1/keys/{key.row.id}")

    response = await once.made(house, caller, issue, sealed=True)
    if is_fresh(response):
        log.info("key.created", key=response.headers["Location"].rpartition("/")[2], role=wish.role)
    return response


@router.get("/keys", summary="List the keys of operators and viewers")
async def list_keys(_: Onlooker, asked: Annotated[Paging, Query()], house: Open) -> KeyPage:
    """List all keys that belong to no source, valid or not. The bootstrap key of the settings is not among them."""
    pages = Pages(house.settings, "/v1/keys", asked)
    (after,) = pages.after() or ("",)
    belongs_to_nobody = col(Key.source).is_(None)
    statement = select(Key).where(belongs_to_nobody, Key.id > after).order_by(col(Key.id)).limit(asked.more)
    async with house.database.sessions() as session:
        rows = (await session.exec(statement)).all()
    shown, following = pages.cut(rows, lambda row: (row.id,))
    return KeyPage(items=[seen(row) for row in shown], next=following)


@router.get("/keys/{key_id}", summary="Look at a key of an operator or viewer")
async def show_key(_: Onlooker, key_id: KeyInPath, house: Open) -> KeySeen:
    """Show one key without its secret."""
    async with house.database.sessions() as session:
        key = await session.get(Key, key_id)
    if key is None or key.source is not None:
        raise NotFoundError("There is no such key.")
    return seen(key)


@router.delete("/keys/{key_id}", status_code=204, summary="Revoke a key of an operator or viewer")
async def revoke_key(caller: Operator, key_id: KeyInPath, house: Open) -> Response:
    """Revoke a key: within a second no process takes it any more. Revoking it again changes nothing."""
    async with house.database.sessions.begin() as session:
        await revoke(session, key_id, None, caller.actor)
    house.access.forget(key_id)
    log.info("key.revoked", key=key_id)
    return no_content()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/keys: the keys of operators and viewers."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, Field
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from app.api.callers import SourceAdmin, SourceOnlooker
from app.api.document_answers import NOTED
from app.api.edge import CLIENT
from app.api.examples import KEYS, LEAKED
from app.api.house import Open
from app.api.idempotency import Making, was_made_now
from app.api.key_view import KeyBounds, KeyInPath, KeyIssued, KeySeen, issued, seen, wanted
from app.api.pages import Pages, Paging
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.source_keys import KeyPage
from app.api.view import View, answer, no_content
from app.audit import Actor
from app.domain.errors import ForbiddenError, NotFoundError
from app.domain.key import SCOPES, Role
from app.domain.markup import checked_plain_text
from app.domain.notice import SPELT, Strict
from app.keys import add_key, revoke, revoke_leaked
from app.tables import Key
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Sources and keys"])


class PersonKeyWish(KeyBounds):
    """Who will hold the key, and what it may do."""

    role: Literal["operator", "viewer"]
    label: Annotated[
        str, Field(min_length=1, max_length=120, json_schema_extra=SPELT), AfterValidator(checked_plain_text)
    ]


class LeakedKey(Strict):
    """A key that was found where it should not be."""

    key: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class Reported(View):
    """Said for every report alike; whether the key was one is not told."""

    received: Literal[True] = True


@router.post("/keys", status_code=201, summary="Issue a key to an operator or viewer", response_model=KeyIssued)
async def issue_key(
    caller: SourceAdmin,
    wish: Annotated[PersonKeyWish, Depends(Reading(PersonKeyWish, examples=KEYS))],
    house: Open,
    once: Making,
) -> Response:
    """Issue a key and answer it, this once. An operator administers everything, a viewer only sees it.

    With `scopes` a key may do less than its role; it never gets one that the key of the caller has not.
    """
    asked = wanted(wish, Role(wish.role), wish.label)
    if not caller.scopes.issuperset(wish.scopes or SCOPES[asked.role]):
        raise ForbiddenError("A key cannot give another one more than it has itself.")

    async def issue(session: AsyncSession) -> Response:
        key = await add_key(session, asked, caller.actor, house.settings.pepper)
        return answer(issued(key), 201, Location=f"{house.public}/v1/keys/{key.row.id}")

    response = await once.made(house, caller, issue, sealed=True)
    if was_made_now(response):
        log.info("key.created", key=response.headers["Location"].rpartition("/")[2], role=wish.role)
    return response


@router.get("/keys", summary="List the keys of operators and viewers")
async def list_keys(_: SourceOnlooker, asked: Annotated[Paging, Query()], house: Open) -> KeyPage:
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
async def show_key(_: SourceOnlooker, key_id: KeyInPath, house: Open) -> KeySeen:
    """Show one key without its secret."""
    async with house.database.sessions() as session:
        key = await session.get(Key, key_id)
    if key is None or key.source is not None:
        raise NotFoundError("There is no such key.")
    return seen(key)


@router.delete("/keys/{key_id}", status_code=204, summary="Revoke a key of an operator or viewer")
async def revoke_key(caller: SourceAdmin, key_id: KeyInPath, house: Open) -> Response:
    """Revoke a key: from this answer on it changes nothing, and within a second it reads nothing. Repeatable."""
    async with house.database.sessions.begin() as session:
        await revoke(session, key_id, None, caller.actor)
    house.access.forget(key_id)
    log.info("key.revoked", key=key_id)
    return no_content()


@router.post(
    "/keys/revocations",
    status_code=202,
    summary="Report a leaked key",
    responses={202: {"description": NOTED}},
    response_model=Reported,
)
async def report_leaked_key(
    request: Request, leaked: Annotated[LeakedKey, Depends(Reading(LeakedKey, examples=LEAKED))], house: Open
) -> Response:
    """Revoke a key by showing it: whoever finds one can do so, without a key. The answer is always the same.

    Each report counts as a wrong key of the address that it comes from, and who has sent too many waits.
    """
    address = request.scope[CLIENT]
    house.wrong_keys.refuse_many(address)
    house.wrong_keys.count(address)
    reporter = Actor("reported", "whoever found the key", address)
    async with house.database.sessions.begin() as session:
        number = await revoke_leaked(session, leaked.key, reporter, house.settings.pepper)
    if number is not None:
        house.access.forget(number)
        log.warning("key.revoked", key=number, reported=True)
    return answer(Reported(), 202)

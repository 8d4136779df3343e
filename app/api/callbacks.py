# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/callbacks: where a source wants to be told what becomes of its notices."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from app.access import Caller
from app.api.callback_view import CallbackInPath, CallbackMade, CallbackSeen, Types, callback_seen, members
from app.api.callers import Owner, Reader
from app.api.channel_secret import SecretMade, SecretWish, Signature, new_key, receivers_half
from app.api.examples import CALLBACK_CHANGES, CALLBACKS, SECRETS
from app.api.house import Open
from app.api.idempotency import Making, was_made_now
from app.api.pages import Next, Pages, Paging
from app.api.problems import InvalidBodyError
from app.api.reading import MERGE_PATCH, Reading
from app.api.routes import StrictRoute
from app.api.view import View, answer, no_content
from app.database import Connection
from app.domain.callback import EventType
from app.domain.errors import ForbiddenError, NotFoundError, StateConflictError
from app.domain.notice import FetchUrl, Slug, Strict
from app.domain.public import objection_to
from app.endpoints import COLUMNS, PURPOSE, Whose, add_endpoint, change_endpoint, new_secret, retire_endpoint
from app.telemetry import log
from app.vault import Vault, keep

router = APIRouter(route_class=StrictRoute, tags=["Callbacks"])
FIRST = UUID(int=0)
ONE = f"""
select {COLUMNS} from endpoint where id = $1 and ($2::text is null or source = $2) and retired_at is null
"""  # noqa: S608 - ours
MANY = f"""
select {COLUMNS} from endpoint
 where ($1::text is null or source = $1) and retired_at is null and id > $2 order by id limit $3
"""  # noqa: S608 - ours


class NewCallback(Strict):
    """Where to call, and of what. A source may leave `source` out; an operator names it."""

    source: Slug | None = None
    url: FetchUrl
    types: Types = Field(default_factory=lambda: list(EventType))
    signature: Signature = "hmac"


class CallbackChange(Strict):
    """What is left out stays. enabled false stops the calls; true lets one that was disabled go on."""

    types: Types = Field(default_factory=list)
    enabled: bool = Field(default_factory=bool)


class CallbackPage(View):
    """Callbacks, the oldest first."""

    items: list[CallbackSeen] = Field(max_length=200)
    next: Next


@router.post(
    "/callbacks", status_code=201, summary="Ask to be called", responses={409: {}}, response_model=CallbackMade
)
async def make_callback(
    caller: Owner,
    new: Annotated[NewCallback, Depends(Reading(NewCallback, examples=CALLBACKS))],
    house: Open,
    once: Making,
) -> Response:
    """Store an address and answer the secret that calls to it are signed with, this once.

    Calls follow Standard Webhooks 1.0.0. Before the first one the receiver is asked for its consent: it must answer
    `OPTIONS` with the header `WebHook-Allowed-Origin`. Tries come after 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h,
    20 h and 24 h, with the same `webhook-id`; a redirect is a failure; 410 ends the calls.

    The address must be public, on port 443 or 8443, among the `link_hosts` of the source where it has any, and not that
    of another callback of the source.
    """
    source, reason = _source(caller, new.source), objection_to(new.url, house.settings.called_anyway)
    if reason is not None:
        raise InvalidBodyError(f"This address may not be called: {reason}.", pointer="#/url")
    key, vault = new_key(new.signature), Vault.of(house.settings)

    async def enter(connection: Connection) -> Response:
        try:
            row = await add_endpoint(connection, caller.actor, source, new.url, new.types)
        except NotFoundError as error:
            raise InvalidBodyError(f"#/source: {error.detail}", pointer="#/source") from None
        await keep(connection, vault, PURPOSE, str(row["id"]), key)
        made = CallbackMade(**members(house.public, row), secret=receivers_half(key))
        return answer(made, 201, Location=made.links.here)

    response = await once.entered(house, caller, enter, sealed=True)
    if was_made_now(response):
        log.info("callback.added", callback=response.headers["Location"].rpartition("/")[2], source=source)
        house.doorbell.ring()
    return response


@router.get("/callbacks/{callback_id}", summary="Look at a callback")
async def show_callback(caller: Reader, callback_id: CallbackInPath, house: Open) -> CallbackSeen:
    """Show one callback: whether its receiver consents, and whether and why it is disabled."""
    row = await house.database.pool.fetchrow(ONE, callback_id, caller.source)
    if row is None:
        raise NotFoundError("There is no such callback.")
    return callback_seen(house.public, row)


@router.get("/callbacks", summary="List callbacks")
async def list_callbacks(caller: Reader, asked: Annotated[Paging, Query()], house: Open) -> CallbackPage:
    """List callbacks. A source sees its own only."""
    pages = Pages(house.settings, "/v1/callbacks", asked)
    (after,) = pages.after() or (str(FIRST),)
    rows = await house.database.pool.fetch(MANY, caller.source, UUID(after), asked.more)
    shown, following = pages.cut(rows, lambda row: (row["id"],))
    return CallbackPage(items=[callback_seen(house.public, row) for row in shown], next=following)


@router.patch("/callbacks/{callback_id}", summary="Change a callback, stop it, or let it go on")
async def change_callback(
    caller: Owner,
    callback_id: CallbackInPath,
    change: Annotated[
        CallbackChange, Depends(Reading(CallbackChange, media_type=MERGE_PATCH, examples=CALLBACK_CHANGES))
    ],
    house: Open,
) -> CallbackSeen:
    """Change the types of event a callback is told of, or whether it is called at all.

    One that may not be called any more, by its address or by the `link_hosts` of the source, is not enabled (409).
    """
    given = change.model_dump(exclude_unset=True)
    whose = Whose(callback_id, caller.source)
    async with house.database.pool.acquire() as connection, connection.transaction():
        row = await change_endpoint(connection, caller.actor, whose, given.get("types"), enabled=given.get("enabled"))
        reason = objection_to(row["url"], house.settings.called_anyway) if given.get("enabled") else None
        if reason is not None:
            raise StateConflictError(f"This address may not be called: {reason}.")
    log.info("callback.changed", callback=str(callback_id))
    return callback_seen(house.public, row)


@router.delete("/callbacks/{callback_id}", status_code=204, summary="Retire a callback")
async def retire_callback(caller: Owner, callback_id: CallbackInPath, house: Open) -> Response:
    """Never call it again, and forget its secret."""
    async with house.database.pool.acquire() as connection, connection.transaction():
        await retire_endpoint(connection, caller.actor, Whose(callback_id, caller.source))
    log.info("callback.retired", callback=str(callback_id))
    return no_content()


@router.post(
    "/callbacks/{callback_id}/secret",
    status_code=201,
    summary="Replace a callback's secret",
    response_model=SecretMade,
)
async def make_callback_secret(
    caller: Owner,
    callback_id: CallbackInPath,
    wish: Annotated[SecretWish, Depends(Reading(SecretWish, examples=SECRETS))],
    house: Open,
    once: Making,
) -> Response:
    """Sign with a new secret, answered this once; until the overlap is over calls carry both signatures."""
    key, overlap = new_key(wish.signature), timedelta(hours=wish.overlap_hours)
    whose, vault = Whose(callback_id, caller.source), Vault.of(house.settings)
    where = f"{house.public}/v1/callbacks/{callback_id}"

    async def enter(connection: Connection) -> Response:
        await new_secret(connection, vault, caller.actor, whose, key, overlap)
        return answer(SecretMade(secret=receivers_half(key)), 201, Location=where)

    response = await once.entered(house, caller, enter, sealed=True)
    if was_made_now(response):
        log.info("secret.created", callback=str(callback_id))
    return response


def _source(caller: Caller, wanted: str | None) -> str:
    if caller.source is None and wanted is None:
        raise InvalidBodyError(
            "#/source: name the source",
            errors=[{"pointer": "#/source", "detail": "Name the source.", "rule": "missing"}],
        )
    if caller.source not in (None, wanted or caller.source):
        raise ForbiddenError("A source asks to be called for its own notices only.")
    return wanted or str(caller.source)

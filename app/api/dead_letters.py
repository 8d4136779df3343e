# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/dead-letters: what was given up, with its reason, and the fresh start a person may give it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from app.access import Caller
from app.api.callers import LetterOnlooker, Redriver
from app.api.examples import REDRIVES
from app.api.house import House, Open
from app.api.open_ends import OpenEndFilter, OpenEndPage, found
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.view import Count, View
from app.audit import record
from app.domain.delivery import State
from app.domain.errors import NotFoundError, StateConflictError
from app.domain.notice import Instant, Slug, Strict
from app.outbox import REDRIVABLE, TOGETHER, redrive
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Dead letters and held deliveries"])
AT_ONCE = 10_000
NAMED = 20
"""How many deliveries of a portion are named in the log and in the audit."""
DeliveryInPath = Annotated[
    int,
    Path(ge=1, le=2**63 - 1, json_schema_extra={"format": "int64"}, examples=[1], description="The id of a delivery."),
]
STANDING = """
select d.state, d.doubted, c.retired_at is not null as retired from delivery d join channel c on c.id = d.channel_id
 where d.id = $1
"""
WHICH = f"""
  from delivery d join channel c on c.id = d.channel_id
 where {REDRIVABLE}
   and ($1::text is null or c.slug = $1) and ($2::uuid is null or d.notice_id = $2)
   and ($3::timestamptz is null or d.settled_at < $3)
"""
MATCHING = f"select d.id {WHICH} and ($4 or not d.doubted) order by d.id limit {AT_ONCE}"
DOUBTED = f"select count(*) {WHICH} and d.doubted"


class RedriveWish(Strict):
    """Which dead letters: all that match every member given. dry_run true: only count.

    doubted true: also those of which a post may stand in the channel already; it would then stand there twice.
    """

    channel: Slug | None = None
    notice: UUID | None = None
    before: Instant | None = Field(None, description="Given up before this moment.")
    doubted: bool = False
    dry_run: bool = False


class Redriven(View):
    """How many dead letters matched, and how many of them were given a fresh start.

    doubted: of how many a post may stand in the channel already. They are among those that matched only where the call
    says so.
    """

    matched: Count
    redriven: Count
    doubted: Count
    dry_run: bool


@router.get("/dead-letters", summary="List dead letters")
async def list_dead_letters(_: LetterOnlooker, asked: Annotated[OpenEndFilter, Query()], house: Open) -> OpenEndPage:
    """List deliveries that were given up, newest first, each with its reason."""
    return await found(house, "/v1/dead-letters", State.DEAD, asked)


@router.post("/dead-letters/{delivery_id}/redrive", summary="Give one dead letter a fresh start", responses={409: {}})
async def redrive_dead_letter(caller: Redriver, delivery_id: DeliveryInPath, house: Open) -> Redriven:
    """Let a delivery be tried again from the beginning. One that would be posted after its time stays dead: 409.

    Where `doubted` is true in the list, look into the channel first: it may have arrived, and would stand there twice.
    """
    row = await house.database.pool.fetchrow(STANDING, delivery_id)
    if row is None:
        raise NotFoundError("There is no such delivery.")
    if row["retired"]:
        raise StateConflictError("The channel of this delivery is retired; nothing is posted there any more.")
    if row["state"] != State.DEAD:
        raise StateConflictError("The delivery is not dead.")
    if not await _redriven(house, caller, [delivery_id]):
        raise StateConflictError("The time of this notice is over; it would be posted too late.")
    return Redriven(matched=1, redriven=1, doubted=int(row["doubted"]), dry_run=False)


@router.post("/dead-letters/redrive", summary="Give many dead letters a fresh start")
async def redrive_dead_letters(
    caller: Redriver, wish: Annotated[RedriveWish, Depends(Reading(RedriveWish, examples=REDRIVES))], house: Open
) -> Redriven:
    """Redrive all that match, at most 10 000 in one call, oldest first; without any filter, all there are.

    What may have arrived is left out unless `doubted` is true: look into the channel first.

    After a 503 some may have been redriven already, as the audit log tells; the same call redrives the rest.
    """
    which = (wish.channel, wish.notice, wish.before)
    doubted = await house.database.pool.fetchval(DOUBTED, *which)
    rows = await house.database.pool.fetch(MATCHING, *which, wish.doubted)
    redriven = 0 if wish.dry_run else await _redriven(house, caller, [row["id"] for row in rows])
    return Redriven(matched=len(rows), redriven=redriven, doubted=doubted, dry_run=wish.dry_run)


async def _redriven(house: House, caller: Caller, ids: list[int]) -> int:
    """Redrive in portions, each with its own line in the audit: one that must wait takes nothing back of the others."""
    portions = (ids[first : first + TOGETHER] for first in range(0, len(ids), TOGETHER))
    return sum([await _redriven_together(house, caller, portion) for portion in portions])


async def _redriven_together(house: House, caller: Caller, ids: list[int]) -> int:
    async with house.database.pool.acquire() as connection, connection.transaction():
        count = await redrive(connection, ids)
        target = f"delivery/{ids[0]}" if len(ids) == 1 else "delivery"
        after = {"deliveries": ids[:NAMED], "count": count}
        if count:
            await record(connection, caller.actor, "delivery.redriven", target, after=after)
    log.info("delivery.redriven", deliveries=ids[:NAMED], count=count)
    house.doorbell.ring()
    return count

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/held: deliveries of which nobody can tell whether they arrived, until a person has looked."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.callers import LetterOnlooker, Redriver
from app.api.dead_letters import DeliveryInPath
from app.api.examples import DECISIONS
from app.api.house import Open
from app.api.open_ends import OpenEndFilter, OpenEndPage, found
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.view import no_content
from app.audit import record
from app.domain.delivery import State
from app.domain.errors import NotFoundError, StateConflictError
from app.domain.notice import Strict
from app.outbox import decide
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Dead letters and held deliveries"])
EXISTS = "select true from delivery where id = $1"


class DecisionMade(Strict):
    """What the person found: sent, it is in the channel; not_sent, it is not and goes out; give_up, let it be."""

    decision: Literal["sent", "not_sent", "give_up"]


@router.get("/held", summary="List held deliveries")
async def list_held(_: LetterOnlooker, asked: Annotated[OpenEndFilter, Query()], house: Open) -> OpenEndPage:
    """List deliveries that wait for a person's decision, newest first. Look into the channel, then decide."""
    return await found(house, "/v1/held", State.HELD, asked)


@router.post(
    "/deliveries/{delivery_id}/decision", status_code=204, summary="Decide a held delivery", responses={409: {}}
)
async def decide_delivery(
    caller: Redriver,
    delivery_id: DeliveryInPath,
    made: Annotated[DecisionMade, Depends(Reading(DecisionMade, examples=DECISIONS))],
    house: Open,
) -> Response:
    """Say whether the post is in the channel. A delivery that is not held any more is left as it is: 409."""
    async with house.database.pool.acquire() as connection, connection.transaction():
        if not await decide(connection, delivery_id, made.decision):
            if not await connection.fetchval(EXISTS, delivery_id):
                raise NotFoundError("There is no such delivery.")
            raise StateConflictError("The delivery is not held.")
        after = {"decision": made.decision}
        await record(connection, caller.actor, "delivery.decided", f"delivery/{delivery_id}", after=after)
    log.info("delivery.decided", delivery=delivery_id, decision=made.decision)
    house.doorbell.ring()
    return no_content()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/held: deliveries of which nobody can tell whether they arrived, until a person has looked."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from asyncpg import Record
from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field, model_validator
from starlette.responses import Response

from app.api.callers import LetterOnlooker, Redriver
from app.api.dead_letters import DeliveryInPath
from app.api.examples import DECISIONS
from app.api.house import Open
from app.api.open_ends import OpenEndFilter, OpenEndPage, found
from app.api.problems import InvalidBodyError
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.view import no_content
from app.audit import record
from app.domain.delivery import State
from app.domain.errors import NotFoundError, StateConflictError
from app.domain.notice import Strict
from app.domain.place import PlaceError, reference_in
from app.outbox import decide
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Dead letters and held deliveries"])
WHERE = """
select c.kind, c.address, c.check_result ->> 'link' as link
  from delivery d join channel c on c.id = d.channel_id where d.id = $1
"""
Place = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


ONLY_OF_SENT: dict[str, Any] = {
    "if": {"properties": {"decision": {"enum": ["not_sent", "give_up"]}}},
    "then": {"properties": {"references": {"maxItems": 0}}},
}


class DecisionMade(Strict):
    """What the person found: sent, it is in the channel; not_sent, it is not and goes out; give_up, let it be.

    references: where it is, the link of the post or its number, one for each part. Without one it cannot be corrected
    or taken back later, and waits for a person again then.
    """

    model_config = ConfigDict(json_schema_extra=ONLY_OF_SENT)

    decision: Literal["sent", "not_sent", "give_up"]
    references: list[Place] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _only_what_is_there_is_somewhere(self) -> Self:
        if self.references and self.decision != "sent":
            raise ValueError("references are for what was sent")
        return self


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
        where = await connection.fetchrow(WHERE, delivery_id)
        if where is None:
            raise NotFoundError("There is no such delivery.")
        if not await decide(connection, delivery_id, made.decision, _read(made.references, where)):
            raise StateConflictError("The delivery is not held.")
        after = {"decision": made.decision}
        await record(connection, caller.actor, "delivery.decided", f"delivery/{delivery_id}", after=after)
    log.info("delivery.decided", delivery=delivery_id, decision=made.decision)
    house.doorbell.ring()
    return no_content()


def _read(references: Sequence[str], where: Record) -> list[str]:
    """Read each place as the channel's platform names it, or say which is none."""
    found = []
    for number, text in enumerate(references):
        try:
            found.append(reference_in(where["kind"], where["address"], text, where["link"]))
        except PlaceError as error:
            place = f"#/references/{number}"
            raise InvalidBodyError(f"{place}: {error}", pointer=place) from None
    return found

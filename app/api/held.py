# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/held: deliveries of which nobody can tell whether they arrived, until a person has looked."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field, model_validator
from starlette.responses import Response

from app.access import Caller
from app.api.callers import LetterOnlooker, Redriver
from app.api.dead_letters import AT_ONCE, NAMED, DeliveryInPath
from app.api.examples import DECISIONS, DECISIONS_FOR_MANY
from app.api.house import House, Open
from app.api.open_ends import OpenEndFilter, OpenEndPage, found
from app.api.problems import InvalidBodyError
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.view import Count, View, no_content
from app.audit import record
from app.domain.decision import Decision
from app.domain.delivery import State
from app.domain.errors import NotFoundError, StateConflictError
from app.domain.notice import Instant, Slug, Strict
from app.domain.place import PlaceError, reference_in
from app.domain.whole import WHOLE
from app.outbox import decide, decide_alike
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Dead letters and held deliveries"])
WHERE = """
select c.kind, c.address, c.check_result ->> 'link' as link
  from delivery d join channel c on c.id = d.channel_id where d.id = $1
"""
WHICH = """
  from delivery d join channel c on c.id = d.channel_id
 where d.state = 'held' and c.retired_at is null
   and ($1::text is null or c.slug = $1) and ($2::uuid is null or d.notice_id = $2)
   and ($3::timestamptz is null or d.ready_at < $3)
"""
# Another question: not whether a post is there, but what became of a change of one.
OF_A_CHANGE = "coalesce(d.intent ->> 'action', 'post') <> 'post'"
MATCHING = f"select d.id, d.token {WHICH} and ($4 or not {OF_A_CHANGE}) order by d.id limit {AT_ONCE}"
CHANGES = f"select count(*) {WHICH} and {OF_A_CHANGE}"
Place = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


ONLY_OF_SENT: dict[str, Any] = {
    "if": {"properties": {"decision": {"enum": ["not_sent", "give_up"]}}},
    "then": {"properties": {"references": {"maxItems": 0}}},
}


class DecisionMade(Strict):
    """What the person found: sent, it is in the channel; not_sent, it is not and goes out; give_up, let it be.

    references: where it is, the link of the post or its number, one for each part. Without one it cannot be corrected
    or taken back later, and waits for a person again then. question: as /held shows it. By now it may be another one,
    of a correction, for one: then nothing is decided.
    """

    model_config = ConfigDict(json_schema_extra=ONLY_OF_SENT)

    decision: Decision
    question: Annotated[Count, WHOLE]
    references: list[Place] = Field(default_factory=list, max_length=20)

    @model_validator(mode="after")
    def _only_what_is_there_is_somewhere(self) -> Self:
        if self.references and self.decision != "sent":
            raise ValueError("references are for what was sent")
        return self


class DecisionForMany(Strict):
    """What a person found of all held deliveries that match every member given. dry_run true: only count.

    changes true: also those of which nobody knows what became of a correction or withdrawal. Of these not_sent makes it
    once more (a post whose place nobody has said is posted anew), and sent says that it was made by hand.
    """

    decision: Decision
    channel: Slug | None = None
    notice: UUID | None = None
    before: Instant | None = Field(None, description="To be posted before this moment.")
    changes: bool = False
    dry_run: bool = False


class Decided(View):
    """How many held deliveries matched, and how many of them went where the person says.

    changes: of how many the question is what became of a correction or withdrawal. They are among those that matched
    only where the call says so.
    """

    matched: Count
    decided: Count
    changes: Count
    dry_run: bool


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
    """Say whether the post is in the channel. A delivery that is not held for this question is left as it is: 409."""
    async with house.database.pool.acquire() as connection, connection.transaction():
        where = await connection.fetchrow(WHERE, delivery_id)
        if where is None:
            raise NotFoundError("There is no such delivery.")
        references = _read(made.references, where)
        if not await decide(connection, delivery_id, made.decision, references, question=made.question):
            raise StateConflictError("The delivery is not held, or for another question.")
        after = {"decision": made.decision}
        await record(connection, caller.actor, "delivery.decided", f"delivery/{delivery_id}", after=after)
    log.info("delivery.decided", delivery=delivery_id, decision=made.decision)
    house.doorbell.ring()
    return no_content()


@router.post("/held/decision", summary="Decide many held deliveries")
async def decide_held(
    caller: Redriver,
    made: Annotated[DecisionForMany, Depends(Reading(DecisionForMany, examples=DECISIONS_FOR_MANY))],
    house: Open,
) -> Decided:
    """Say it of all that match, at most 10 000 in one call, oldest first; without any filter, of all there are.

    Each goes where it would alone: what has expired or was withdrawn is not posted, and what is not held any more, or
    for another question by now, is left as it is. Where a post is can only be said of one; of what is sent without it a
    correction or withdrawal waits for a person again.
    """
    which = (made.channel, made.notice, made.before)
    changes = await house.database.pool.fetchval(CHANGES, *which)
    rows = await house.database.pool.fetch(MATCHING, *which, made.changes)
    questions = {row["id"]: row["token"] for row in rows}
    count = 0 if made.dry_run else await _decided(house, caller, questions, made.decision)
    return Decided(matched=len(rows), decided=count, changes=changes, dry_run=made.dry_run)


async def _decided(house: House, caller: Caller, questions: Mapping[int, int], decision: Decision) -> int:
    async with house.database.pool.acquire() as connection, connection.transaction():
        ids = await decide_alike(connection, questions, decision)
        target = f"delivery/{ids[0]}" if len(ids) == 1 else "delivery"
        after = {"decision": decision, "deliveries": ids[:NAMED], "count": len(ids)}
        if ids:
            await record(connection, caller.actor, "delivery.decided", target, after=after)
    log.info("delivery.decided", deliveries=ids[:NAMED], count=len(ids), decision=decision)
    house.doorbell.ring()
    return len(ids)


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

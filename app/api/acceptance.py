# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Accepts one notice for a caller, in whatever form it came, and says what became of it."""

from collections.abc import Mapping
from uuid import UUID

from starlette.responses import Response

from app.access import Caller
from app.api.admission import let_in
from app.api.house import House
from app.api.keeper import Keeper
from app.api.notice_view import ONE, NoticeSummary, links, summaries
from app.api.standing import Counts, status_of
from app.api.view import answer
from app.database import Connection
from app.domain.errors import (
    CampanellaError,
    EqualTextError,
    EventExistsError,
    ForbiddenError,
    PersonalDataError,
    UnfitNowError,
)
from app.domain.leading import first_foreign
from app.domain.notice import Notice
from app.domain.personal import accounts_in, first_certain
from app.intake import Accepted, Answer, Origin, Wish, wish_for
from app.metrics import NOTICES as COUNTED
from app.storing import Store
from app.telemetry import log
from app.together import Around, accept_together

FOREIGN = "The links of this source may not lead to this host."
EXISTS = (
    "A notice with this event_id exists with other content. If it is the same event, amend that notice: "
    "PATCH the address in `notice`. If it is another event, give it an event_id of its own."
)

ALIKE = (
    "A notice of this source had the same text for the same audience within the last ten minutes; it is in `notice`. "
    "If this one is meant as well, send it with ?confirm=true."
)


def origin_of(caller: Caller, event_source: str = "", event: str | None = None) -> Origin:
    return Origin(caller.source or "", caller.author, event_source, event)


def refuse_unfit(house: House, caller: Caller, notice: Notice, within: str = "#") -> None:
    """Refuse what this caller may not speak of, and what is certainly personal; its words stay out of the answer.

    `within` points to the notice in the body.
    """
    if not caller.may_speak_of(notice.service):
        raise ForbiddenError("This source may not speak of this service.")
    foreign = first_foreign(notice, caller.link_hosts) if caller.link_hosts else None
    if foreign is not None:
        raise UnfitNowError(FOREIGN, pointer=within + foreign.removeprefix("#"))
    found = first_certain(notice, accounts_in(house.settings.own_ibans))
    if found is not None:
        raise PersonalDataError(pointer=within + found[0].removeprefix("#"))


async def hand_over(
    house: House, caller: Caller, notice: Notice, origin: Origin, keeper: Keeper | None = None
) -> Response:
    """Store a notice that its source may send, or find the earlier copy, and answer 202."""
    refuse_unfit(house, caller, notice)
    try:
        async with let_in(house, caller, [notice.priority]):
            if keeper is not None:
                return await _kept(house, wish_for(notice, origin), keeper)
            accepted = await house.gathering.accept(notice, origin)
    except (EventExistsError, EqualTextError) as error:
        COUNTED.labels("conflicting").inc()
        raise located(house, error) from None
    return await acknowledged(house, notice, origin.source, accepted)


def located(house: House, error: EventExistsError | EqualTextError) -> EventExistsError | EqualTextError:
    """Say the same with the address of the notice that is there, and what to do."""
    where = links(house.public, UUID(str(error.members["notice"])))
    if isinstance(error, EqualTextError):
        return EqualTextError(ALIKE, pointer="#/texts", notice=where.here)
    return EventExistsError(EXISTS, pointer="#/event_id", notice=where.here)


async def acknowledged(house: House, notice: Notice, source: str, accepted: Accepted) -> Response:
    """Answer 202; a replay shows the notice as it is now."""
    announce(house, source, accepted)
    return await _shown(house, house.database.pool, notice, source, accepted)


def announce(house: House, source: str, accepted: Accepted) -> None:
    """Say what was stored, and ask the workers to look."""
    outcome = "replayed" if accepted.replayed else "accepted"
    COUNTED.labels(outcome).inc()
    log.info(f"notice.{outcome}", notice=str(accepted.id), source=source, owed=accepted.owed)
    if accepted.owed and not accepted.replayed:
        house.doorbell.ring()


async def seen_now(house: House, number: UUID, source: str, *, replayed: bool, where: Store | None = None) -> Response:
    """Answer 202 with a notice as it is now; `where` is a connection in a transaction, or else the pool."""
    (seen,) = await summaries(house, await (where or house.database.pool).fetch(ONE, number, source), where)
    marked = {"Idempotent_Replayed": "true"} if replayed else {}
    return answer(seen, 202, Location=seen.links.here, **marked)


class _Answering(Around):
    """Keeps the answer under the caller's key, in the transaction that stores the notice."""

    def __init__(self, house: House, wish: Wish, keeper: Keeper) -> None:
        self._house, self._wish, self._keeper = house, wish, keeper
        self.response: Response | None = None

    async def before(self, connection: Connection) -> None:
        await self._keeper.reserve(connection)

    async def after(self, connection: Connection, answers: Mapping[int, Answer]) -> None:
        (accepted,) = answers.values()
        if isinstance(accepted, Accepted):
            source = self._wish.origin.source
            self.response = await _shown(self._house, connection, self._wish.notice, source, accepted)
            await self._keeper.keep(connection, self.response)


async def _kept(house: House, wish: Wish, keeper: Keeper) -> Response:
    answering = _Answering(house, wish, keeper)
    (accepted,) = (await accept_together(house.database.pool, house.routing, [wish], answering)).values()
    if isinstance(accepted, CampanellaError):
        raise accepted
    if answering.response is None:  # the commit was in doubt, and what is stored told that it took place
        return await acknowledged(house, wish.notice, wish.origin.source, accepted)
    announce(house, wish.origin.source, accepted)
    return answering.response


async def _shown(house: House, where: Store, notice: Notice, source: str, accepted: Accepted) -> Response:
    if accepted.replayed:
        return await seen_now(house, accepted.id, source, replayed=True, where=where)
    fresh = _fresh(house, notice, source, accepted)
    return answer(fresh, 202, Location=fresh.links.here)


def _fresh(house: House, notice: Notice, source: str, accepted: Accepted) -> NoticeSummary:
    """Show a notice that was stored this moment; nothing needs to be looked up for that."""
    counts = Counts(due=accepted.owed)
    return NoticeSummary(
        id=accepted.id,
        status=status_of(counts, withdrawn=False, unsigned=accepted.waits),
        revision=1,
        source=source,
        event_id=notice.event_id,
        service=notice.service,
        kind=notice.kind,
        priority=notice.priority,
        title=next(iter(notice.texts.values())).title,
        created_at=accepted.created_at,
        changed_at=accepted.created_at,
        deliveries=counts,
        links=links(house.public, accepted.id),
    )

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""POST /notices/preview: what would become of a notice, without storing anything."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from app.access import Caller
from app.alike import has_twin, would_repeat
from app.api.callers import Allowed
from app.api.examples import NOTICES
from app.api.house import House, Open
from app.api.preview_view import NoticePreview, seen
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.domain.advice import Advice, advise
from app.domain.cap import Cap
from app.domain.errors import ForbiddenError, InvalidNoticeError, InvalidParameterError
from app.domain.hosts import hosts_listed
from app.domain.key import Role, Scope
from app.domain.leading import first_foreign
from app.domain.notice import Notice, Priority, Slug
from app.domain.personal import accounts_in
from app.previewing import Reach, preview
from app.waiting import Rules

router = APIRouter(route_class=StrictRoute, tags=["Notices"])
Editor = Annotated[Caller, Depends(Allowed(Role.SOURCE, Role.OPERATOR, scopes=[Scope.NOTICES_WRITE]))]
SOURCE = """
select services, link_hosts, requests_per_minute, requests_per_day from source where slug = $1
"""
NOT_ANOTHER = "A source previews its own notices."
NO_SUCH = "There is no such source."


class PreviewFor(BaseModel):
    """The parameters of a preview."""

    model_config = ConfigDict(extra="forbid")
    source: Slug | None = Field(
        None,
        description="Whose notice it is, where an operator asks: its services, links and quota are then looked at.",
    )


@router.post("/notices/preview", summary="Preview a notice")
async def preview_notice(
    caller: Editor,
    asked: Annotated[PreviewFor, Query()],
    notice: Annotated[Notice, Depends(Reading(Notice, wrong=InvalidNoticeError, examples=NOTICES))],
    house: Open,
) -> NoticePreview:
    """Show which channels are reached, what each would show, what it would wait for there, why others are not reached.

    `waits` of a channel names all that keeps the notice from going out there at once, such as a second person, an
    approval, the channel's day or a used up quota; it is empty where nothing does. Nothing is stored, fetched or
    posted. The posts come from a worker: while none runs, everything else is there.
    """
    speaker = await _speaker(house, caller, asked.source)
    if not speaker.may_speak_of(notice.service):
        raise ForbiddenError("This source may not speak of this service.")
    wait = await house.quotas.wait(speaker, urgent=notice.priority is Priority.URGENT) if speaker.source else 0.0
    open_at = datetime.now(UTC) + timedelta(seconds=wait) if wait else None
    settings = house.settings
    rules = Rules(settings.second_person, Cap(settings.channel_per_day, settings.timezone), open_at)
    reaches, known = await preview(house.database.pool, house.doorbell, notice, speaker.source, rules)
    advice = [
        *([Advice("quota_used_up", "#")] if wait else []),
        *([Advice("event_known", "#/event_id")] if known else []),
        *await _advice(house, speaker, notice),
    ]
    return seen([*advice, *_of_pushes(reaches)], reaches)


async def _speaker(house: House, caller: Caller, source: str | None) -> Caller:
    """Give the source whose notice it is, with what it may; an operator alone is no source."""
    if source is None or source == caller.source:
        return caller
    if caller.source is not None:
        raise ForbiddenError(NOT_ANOTHER)
    row = await house.database.pool.fetchrow(SOURCE, source)
    if row is None:
        raise InvalidParameterError(NO_SUCH, errors=[{"parameter": "source", "detail": NO_SUCH, "rule": "unknown"}])
    return replace(
        caller,
        source=source,
        services=frozenset(row["services"]),
        link_hosts=tuple(row["link_hosts"]),
        per_minute=row["requests_per_minute"],
        per_day=row["requests_per_day"],
    )


async def _advice(house: House, speaker: Caller, notice: Notice) -> list[Advice]:
    """Say what to look at, that first for which the notice would be refused."""
    settings, pool = house.settings, house.database.pool
    looked_at = (accounts_in(settings.own_ibans), hosts_listed(settings.official_hosts))
    foreign = first_foreign(notice, speaker.link_hosts) if speaker.link_hosts else None
    refused = [] if foreign is None else [Advice("foreign_link", foreign)]
    strict = settings.equal_texts == "refuse" and speaker.source is not None
    if strict and await would_repeat(pool, notice, speaker.source or ""):
        refused.append(Advice("equal_text", "#/texts"))
    elif await has_twin(pool, notice, speaker.source):
        refused.append(Advice("twin", "#/texts"))
    return [*refused, *advise(notice, datetime.now(UTC), settings.timezone, *looked_at)]


def _of_pushes(reaches: Sequence[Reach]) -> list[Advice]:
    """Point out what is pushed twice, since it is shown before all its texts are approved."""
    dear = [each for each in reaches if each.pushes > 1]
    return [Advice("second_push", f"#/texts/{tag}") for tag in dict.fromkeys(each.awaits[0] for each in dear)]

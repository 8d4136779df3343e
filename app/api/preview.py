# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""POST /notices/preview: what would become of a notice, without storing anything."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from app.access import Caller
from app.api.callers import Allowed
from app.api.channel_view import Kind
from app.api.examples import NOTICES
from app.api.house import Open
from app.api.notice_view import Tag
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.view import Count, SlugShown, View, Words
from app.domain.advice import Advice, advise
from app.domain.errors import ForbiddenError, InvalidNoticeError
from app.domain.hosts import hosts_listed
from app.domain.key import Role, Scope
from app.domain.leading import first_foreign
from app.domain.notice import Notice
from app.domain.personal import accounts_in
from app.previewing import Reach, has_twin, preview
from app.renderings import PartShown, Rendering

router = APIRouter(route_class=StrictRoute, tags=["Notices"])
Editor = Annotated[Caller, Depends(Allowed(Role.SOURCE, Role.OPERATOR, scopes=[Scope.NOTICES_WRITE]))]
MOST = 200
Long = Annotated[str, Field(max_length=200_000, pattern=r"^[^\x00]*$")]
Reason = Literal["test", "service", "grades", "schools", "areas", "language"]


class MediumSeen(View):
    """A picture or document that goes with a post; which of the two is judged by its address here."""

    sort: Literal["photo", "document"]
    href: Words


class PartSeen(View):
    """One post: its text, the same as HTML where the platform has looks, and its length in the platform's unit."""

    text: Long
    html: Long | None
    length: Count
    limit: Count | None = Field(description="The longest that the platform takes; null where none is known.")
    unit: Literal["utf-16", "characters", "bytes"]
    media: list[MediumSeen] = Field(max_length=20)


class ChannelPreview(View):
    """A channel: what keeps the notice from it, or how it would look there."""

    slug: SlugShown
    kind: Kind
    language: Tag
    paused: bool = Field(description="Nothing is posted there until it is resumed; what it is owed waits.")
    reached: bool
    why_not: list[Reason] = Field(max_length=6, description="What does not match; empty where it is reached.")
    rendered: bool
    problem: Words | None = Field(description="Why it is reached and cannot be shown.")
    parts: list[PartSeen] = Field(max_length=20)
    awaits: list[Tag] = Field(max_length=20, description="Languages of texts that a person must approve before.")
    meanwhile: bool = Field(description="It shows another text until then, and is corrected afterwards.")
    pushes: Count = Field(description="What it costs of a rationed quota, an interim push included; 0: nothing.")


class AdviceWords(View):
    it: Words
    en: Words


class AdviceSeen(View):
    """Something to look at before the notice goes out."""

    rule: Annotated[str, Field(max_length=40, pattern="^[a-z_]+$", examples=["weekday_differs"])]
    pointer: Annotated[str, Field(max_length=400, pattern="^#", examples=["#/texts/it/title"])]
    refused: bool = Field(description="The notice is not accepted with it.")
    words: AdviceWords


class NoticePreview(View):
    """What would become of the notice. rendered false: reached channels are shown without their posts."""

    acceptable: bool = Field(description="Whether it would be accepted as it is.")
    advice: list[AdviceSeen] = Field(max_length=200)
    reached: Count = Field(description="How many channels it would reach.")
    rendered: bool
    reason: Words | None
    channels: list[ChannelPreview] = Field(max_length=MOST, description="Those that are reached come first.")
    more_channels: Count


@router.post("/notices/preview", summary="Preview a notice")
async def preview_notice(
    caller: Editor,
    notice: Annotated[Notice, Depends(Reading(Notice, wrong=InvalidNoticeError, examples=NOTICES))],
    house: Open,
) -> NoticePreview:
    """Show which channels are reached, what each would show and how long that is, why others are not, and advice.

    Nothing is stored, fetched or posted. The posts come from a worker: while none runs, everything else is there.
    """
    if not caller.may_speak_of(notice.service):
        raise ForbiddenError("This source may not speak of this service.")
    settings = house.settings
    looked_at = (accounts_in(settings.own_ibans), hosts_listed(settings.official_hosts))
    foreign = first_foreign(notice, caller.link_hosts) if caller.link_hosts else None
    refused = [] if foreign is None else [Advice("foreign_link", foreign)]
    twins = [Advice("twin", "#/texts")] if await has_twin(house.database.pool, notice, caller.source) else []
    advice = [*refused, *twins, *advise(notice, datetime.now(UTC), settings.timezone, *looked_at)]
    reaches = await preview(house.database.pool, house.doorbell, notice, caller.source)
    return _seen([*advice, *_of_pushes(reaches)], reaches)


def _of_pushes(reaches: Sequence[Reach]) -> list[Advice]:
    """Point out what is pushed twice, since it is shown before all its texts are approved."""
    dear = [each for each in reaches if each.pushes > 1]
    return [Advice("second_push", f"#/texts/{tag}") for tag in dict.fromkeys(each.awaits[0] for each in dear)]


def _seen(advice: Sequence[Advice], reaches: Sequence[Reach]) -> NoticePreview:
    reached = [each for each in reaches if not each.why_not]
    shown = [*reached, *(each for each in reaches if each.why_not)]
    missing = [each.missing for each in reached if each.missing is not None]
    return NoticePreview(
        acceptable=not any(each.refused for each in advice),
        advice=[_advice(each) for each in advice[:MOST]],
        reached=len(reached),
        rendered=not missing,
        reason=missing[0] if missing else None,
        channels=[_channel(each) for each in shown[:MOST]],
        more_channels=max(0, len(shown) - MOST),
    )


def _advice(advice: Advice) -> AdviceSeen:
    italian, english = advice.words
    words = AdviceWords(it=italian, en=english)
    return AdviceSeen(rule=advice.rule, pointer=advice.pointer, refused=advice.refused, words=words)


def _channel(reach: Reach) -> ChannelPreview:
    found = reach.rendering or Rendering(problem=reach.missing)
    return ChannelPreview(
        slug=reach.slug,
        kind=reach.kind,
        language=reach.language,
        paused=reach.paused,
        reached=not reach.why_not,
        why_not=list(reach.why_not),
        rendered=reach.rendering is not None,
        problem=found.problem,
        parts=[_part(part) for part in found.parts],
        awaits=list(reach.awaits),
        meanwhile=reach.meanwhile,
        pushes=reach.pushes,
    )


def _part(part: PartShown) -> PartSeen:
    media = [MediumSeen(sort=sort, href=href) for sort, href in part.media]
    same = {"text": part.text, "html": part.html, "length": part.length, "limit": part.limit, "unit": part.unit}
    return PartSeen(**same, media=media)

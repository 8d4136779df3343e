# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a preview is shown: the advice, and each channel with its posts and with all that a notice would wait for."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from app.api.channel_view import Kind
from app.api.notice_view import Tag
from app.api.view import Count, Moment, SlugShown, View, Words
from app.domain.advice import Advice
from app.domain.waits import Wait
from app.previewing import MOST, Reach
from app.renderings import PartShown, Rendering

Long = Annotated[str, Field(max_length=200_000, pattern=r"^[^\x00]*$")]
Reason = Literal["test", "service", "grades", "schools", "areas", "language"]
WaitsFor = Literal[
    "quota",
    "scheduled",
    "second_person",
    "approval",
    "paused",
    "account_blocked",
    "platform_away",
    "daily_cap",
    "push_choice",
    "push_quota",
    "earlier",
    "no_worker",
]


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


class AdviceWords(View):
    it: Words
    en: Words


class WaitSeen(View):
    """One thing that keeps the notice from going out at once."""

    reason: WaitsFor
    until: Moment | None = Field(description="Until then, where that is known; null: until somebody has seen to it.")
    words: AdviceWords


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
    waits: list[WaitSeen] = Field(max_length=12, description="All that it would wait for; empty: it goes out at once.")


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


def seen(advice: Sequence[Advice], reaches: Sequence[Reach]) -> NoticePreview:
    """Show a preview; channels that are reached come first."""
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
        waits=[_wait(each) for each in reach.waits],
    )


def _wait(wait: Wait) -> WaitSeen:
    italian, english = wait.words
    return WaitSeen(reason=wait.reason, until=wait.until, words=AdviceWords(it=italian, en=english))


def _part(part: PartShown) -> PartSeen:
    media = [MediumSeen(sort=sort, href=href) for sort, href in part.media]
    same = {"text": part.text, "html": part.html, "length": part.length, "limit": part.limit, "unit": part.unit}
    return PartSeen(**same, media=media)

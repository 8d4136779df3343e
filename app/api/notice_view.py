# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a notice is shown to whoever may see it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from asyncpg import Record
from fastapi import Path
from pydantic import Field, WithJsonSchema
from starlette.responses import Response

from app.api.house import House
from app.api.standing import Counts, Status, counted, status_of
from app.api.versions import strong
from app.api.view import Count, EventId, Link, Moment, SlugShown, View, Words, answer
from app.approve import standings
from app.countersign import signed
from app.domain.notice import Kind, Priority
from app.storing import Store

UNSIGNED = """
broadcast and withdrawn_at is null and not exists (
  select from countersign where notice_id = notice.id and revision = notice.revision)
"""
COLUMNS = f"""
id, source, event_id, service, kind, priority, revision, content, publish_at, expires_at, created_at, changed_at,
withdrawn_at, broadcast, {UNSIGNED} as unsigned
"""
ONE = f"select {COLUMNS} from notice where id = $1 and ($2::text is null or source = $2)"  # noqa: S608 - ours
NoticeInPath = Annotated[
    UUID, Path(description="The id of a notice.", examples=["0193a1b2-7c4d-7e8f-9a0b-1c2d3e4f5a6b"])
]
Tag = Annotated[str, Field(max_length=12, pattern=r"^[A-Za-z-]+$", description="A language tag.", examples=["it"])]
Content = Annotated[dict[str, Any], WithJsonSchema({"x-schema": "Notice"})]
"""Shown as it is stored, without reading it through the model: rules may have become stricter since."""


class NoticeLinks(View):
    here: Link = Field(alias="self")
    deliveries: Link


class NoticeSummary(View):
    """A notice, where it stands, and how many deliveries are in each state."""

    id: UUID
    status: Status
    revision: Count
    source: SlugShown
    event_id: EventId
    service: SlugShown
    kind: Kind
    priority: Priority
    title: Words = Field(description="The title in the notice's first language.", examples=["Mensa: pasto freddo"])
    created_at: Moment
    changed_at: Moment
    deliveries: Counts
    links: NoticeLinks


class ApprovalSeen(View):
    """How a language stands whose texts a person must approve before they go out.

    missing: the notice has no text in it. waiting: nobody has approved this text yet; its channels wait.
    """

    language: Tag
    state: Literal["missing", "waiting", "approved"]
    name: Words | None = Field(description="Who approved it.")
    approved_at: Moment | None


class SecondPersonSeen(View):
    """Whether a second person let the present revision go; alone: somebody broke the glass instead."""

    state: Literal["waiting", "signed", "alone"]
    name: Words | None = Field(description="Who let it go.")
    signed_at: Moment | None


class NoticeWhole(NoticeSummary):
    """The same with its content, as it was last handed in."""

    publish_at: Moment | None
    expires_at: Moment | None
    withdrawn_at: Moment | None
    approvals: list[ApprovalSeen] = Field(max_length=100)
    second_person: SecondPersonSeen | None = Field(description="null: the notice needs none.")
    content: Content


def links(public: str, number: UUID) -> NoticeLinks:
    here = f"{public}/v1/notices/{number}"
    return NoticeLinks(here=here, deliveries=f"{here}/deliveries")


async def summaries(house: House, rows: Sequence[Record], where: Store | None = None) -> list[NoticeSummary]:
    """Show notices as they are now; `where` is a connection in a transaction, or else the pool."""
    counts = await counted(where or house.database.pool, [row["id"] for row in rows])
    return [NoticeSummary(**_members(house.public, row, counts.get(row["id"], Counts()))) for row in rows]


async def whole(house: House, row: Record) -> NoticeWhole:
    counts = (await counted(house.database.pool, [row["id"]])).get(row["id"], Counts())
    more: dict[str, Any] = {name: row[name] for name in ("publish_at", "expires_at", "withdrawn_at")}
    content = json.loads(row["content"])
    stand = await standings(house.database.pool, row["id"], row["service"], content["texts"])
    approvals = [ApprovalSeen(**asdict(each)) for each in stand]
    more |= {"approvals": approvals, "second_person": await _second_person(house, row)}
    return NoticeWhole(**_members(house.public, row, counts), **more, content=content)


async def _second_person(house: House, row: Record) -> SecondPersonSeen | None:
    if not row["broadcast"]:
        return None
    found = await signed(house.database.pool, row["id"], row["revision"])
    if found is None:
        return SecondPersonSeen(state="waiting", name=None, signed_at=None)
    return SecondPersonSeen(state="alone" if found.alone else "signed", name=found.name, signed_at=found.signed_at)


def _members(public: str, row: Record, counts: Counts) -> dict[str, Any]:
    same = ("id", "source", "event_id", "service", "kind", "priority", "revision", "created_at", "changed_at")
    return {
        **{name: row[name] for name in same},
        "title": first_title(json.loads(row["content"])),
        "status": status_of(counts, withdrawn=row["withdrawn_at"] is not None, unsigned=row["unsigned"]),
        "deliveries": counts,
        "links": links(public, row["id"]),
    }


def tagged(seen: NoticeWhole) -> Response:
    """Answer with a notice, and with the tag by which it is changed or asked for again."""
    response = answer(seen)
    response.headers["ETag"] = strong(seen.revision, bytes(response.body))
    return response


def first_title(content: dict[str, Any]) -> str:
    title: str = next(iter(content["texts"].values()))["title"]
    return title

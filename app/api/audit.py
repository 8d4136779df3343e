# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/audit: who did what; it can be read and never changed."""

import json
from typing import Annotated, Any

from asyncpg import Record
from fastapi import APIRouter, Query
from pydantic import Field

from app.api.callers import Auditor
from app.api.house import Open
from app.api.pages import Next, Pages, Paging
from app.api.routes import StrictRoute
from app.api.view import Moment, Number, View, Words
from app.audit import COLUMNS
from app.domain.notice import Instant

router = APIRouter(route_class=StrictRoute, tags=["Audit"])
NEWEST = 2**63 - 1
MANY = f"""
select {COLUMNS}, hash from audit
 where number < $1 and ($2::text is null or who = $2) and ($3::text is null or act = $3)
   and ($4::text is null or target = $4) and ($5::timestamptz is null or at >= $5)
   and ($6::timestamptz is null or at < $6)
 order by number desc limit $7
"""  # noqa: S608 - ours
LONGEST = 300
Named = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]+$")]


class AuditFilter(Paging):
    who: Named | None = Field(None, description="Acts of this key (its id), or of `admin`.")
    act: Annotated[str, Field(max_length=60, pattern=r"^[a-z_]+\.[a-z_-]+$")] | None = Field(
        None, description="Acts of this sort.", examples=["key.created"]
    )
    target: Named | None = Field(None, description="Acts on this thing.", examples=["channel/scuola"])
    since: Instant | None = Field(None, description="Acts of this moment or later.")
    until: Instant | None = Field(None, description="Acts before this moment.")


class ChangeSeen(View):
    """One member that an act changed, as JSON; null where it was not there. Long values are cut short."""

    member: Words
    before: Words | None
    after: Words | None


class AuditSeen(View):
    """One administrative act. `hash` covers it and all before it: `campanella audit verify` recomputes them."""

    number: Number
    at: Moment
    who: Words = Field(description="The id of a key, `admin` for the bootstrap key, `cli:` and a user of the machine.")
    label: Words
    act: Words
    target: Words
    why: Words | None
    address: Words | None
    changes: list[ChangeSeen] = Field(max_length=100)
    hash: Annotated[str, Field(max_length=64, pattern="^[0-9a-f]{64}$")]


class AuditPage(View):
    """Acts, newest first."""

    items: list[AuditSeen] = Field(max_length=200)
    next: Next


@router.get("/audit", summary="List administrative acts")
async def list_acts(_: Auditor, asked: Annotated[AuditFilter, Query()], house: Open) -> AuditPage:
    """List who did what, newest first: keys, sources, services, channels, and what persons decided."""
    pages = Pages(house.settings, "/v1/audit", asked)
    (before,) = pages.after() or (NEWEST,)
    filters = (asked.who, asked.act, asked.target, asked.since, asked.until)
    rows = await house.database.pool.fetch(MANY, int(before), *filters, asked.more)
    shown, following = pages.cut(rows, lambda row: (row["number"],))
    return AuditPage(items=[_seen(row) for row in shown], next=following)


def _seen(row: Record) -> AuditSeen:
    same = ("number", "at", "who", "label", "act", "target", "why", "address")
    before, after = (json.loads(row[name] or "{}") for name in ("before", "after"))
    members = sorted({*before, *after})
    changes = [ChangeSeen(member=name, before=_said(before, name), after=_said(after, name)) for name in members]
    return AuditSeen(**{name: row[name] for name in same}, changes=changes, hash=row["hash"].hex())


def _said(members: dict[str, Any], name: str) -> str | None:
    if name not in members:
        return None
    text = json.dumps(members[name], ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."

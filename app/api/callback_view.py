# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a callback and its calls are shown; its secret is not among it."""

from typing import Annotated, Literal
from uuid import UUID

from asyncpg import Record
from fastapi import Path
from pydantic import Field

from app.api.channel_secret import Secret
from app.api.view import Count, Link, Moment, SlugShown, View, Words
from app.domain.callback import EventType

CallbackInPath = Annotated[
    UUID, Path(description="The id of a callback.", examples=["0193a1b2-7c4d-7e8f-9a0b-1c2d3e4f5a6b"])
]
CallId = Annotated[
    str, Field(max_length=60, pattern=r"^msg_[0-9a-f]+$", examples=["msg_0193a1b27c4d7e8f9a0b1c2d3e4f5a6b"])
]
Types = Annotated[list[EventType], Field(max_length=len(EventType))]


class CallbackSeen(View):
    """An address of a source. consent: pending until the receiver was asked; refused: it does not want to be called."""

    id: UUID
    source: SlugShown
    url: Words
    types: Types
    state: Literal["active", "disabled"]
    consent: Literal["pending", "granted", "refused"]
    problem: Words | None = Field(description="What a person must mend.")
    calls_per_minute: Count | None = Field(description="What the receiver allows; null: no limit.")
    failing_since: Moment | None
    disabled_at: Moment | None
    disabled_reason: Words | None
    created_at: Moment
    links: "CallbackLinks"


class CallbackLinks(View):
    here: Link = Field(alias="self")
    calls: Link


class CallbackMade(CallbackSeen):
    """A new callback with its secret. Keep `secret` now: it is not shown again."""

    secret: Secret


class CallSeen(View):
    """One event that was, is or should have been told. `id` is the webhook-id of every try."""

    id: CallId
    type: EventType
    notice: UUID | None
    state: Literal["due", "delivered", "failed", "missed"]
    tries: Count
    due_at: Moment | None
    tried_at: Moment | None
    problem: Words | None
    created_at: Moment


def callback_seen(public: str, row: Record) -> CallbackSeen:
    return CallbackSeen(**members(public, row))


def members(public: str, row: Record) -> dict[str, object]:
    here = f"{public}/v1/callbacks/{row['id']}"
    same = ("id", "source", "url", "types", "failing_since", "disabled_at", "disabled_reason", "problem", "created_at")
    answered = "granted" if row["consented_at"] else "refused"
    return {
        **{name: row[name] for name in same},
        "state": "active" if row["disabled_at"] is None else "disabled",
        "consent": answered if row["asked_at"] else "pending",
        "calls_per_minute": row["rate"],
        "links": CallbackLinks(here=here, calls=f"{here}/calls"),
    }


def call_seen(row: Record) -> CallSeen:
    same = ("id", "type", "state", "tries", "tried_at", "created_at")
    due = row["due_at"] if row["state"] == "due" else None
    return CallSeen(**{name: row[name] for name in same}, notice=row["notice_id"], due_at=due, problem=row["error"])

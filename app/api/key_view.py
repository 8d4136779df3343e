# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a key is shown: once with its text, ever after without."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AfterValidator, Field

from app.api.view import KeyId, Moment, SlugShown, View, Words
from app.domain.key import Role
from app.domain.markup import checked_plain_text
from app.domain.notice import Strict
from app.sources import LONGEST_LIFE, Issued
from app.tables import Key

Label = Annotated[str, Field(max_length=120), AfterValidator(lambda text: checked_plain_text(text) if text else "")]
Days = Annotated[int, Field(ge=1, le=LONGEST_LIFE, json_schema_extra={"format": "int32"})]
KeyInPath = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9]{12}$", max_length=12, description="The id of a key.", examples=["A1b2C3d4E5f6"])
]


class KeyWish(Strict):
    """What a new key is for, and for how many days it is valid."""

    label: Label = Field("", examples=["dal 2027"])
    expires_in_days: Days = LONGEST_LIFE


class KeySeen(View):
    """A key without its secret."""

    id: KeyId
    role: Role
    source: SlugShown | None
    label: Words
    state: Literal["valid", "expired", "revoked"]
    created_at: Moment
    expires_at: Moment
    revoked_at: Moment | None
    last_used_at: Moment | None = Field(description="Written down about once a minute.")


class KeyIssued(KeySeen):
    """A new key. Keep `key` now: it is not shown again."""

    key: str = Field(max_length=64, pattern=r"^camp_live_[A-Za-z0-9]{12}_[A-Za-z0-9]{38}$")


def seen(key: Key) -> KeySeen:
    return KeySeen(**_members(key))


def issued(key: Issued) -> KeyIssued:
    return KeyIssued(**_members(key.row), key=key.text)


def _members(key: Key) -> dict[str, object]:
    same = ("id", "role", "source", "label", "created_at", "expires_at", "revoked_at", "last_used_at")
    return {**{name: getattr(key, name) for name in same}, "state": _state(key)}


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "valid" if key.expires_at > datetime.now(UTC) else "expired"

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a key is shown: once with its text, ever after without."""

from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AfterValidator, Field

from app.api.view import KeyId, Moment, SlugShown, View, Words
from app.domain.key import SCOPES, Role, Scope
from app.domain.markup import checked_plain_text
from app.domain.notice import SPELT, Instant, Strict
from app.domain.proof import THUMBPRINT
from app.domain.whole import WHOLE
from app.keys import LONGEST_LIFE, Issued, Wanted
from app.tables import Key

Label = Annotated[
    str,
    Field(max_length=120, json_schema_extra=SPELT),
    AfterValidator(lambda text: checked_plain_text(text) if text else ""),
]
Days = Annotated[int, Field(ge=1, le=LONGEST_LIFE, json_schema_extra={"format": "int32"}), WHOLE]
KeyInPath = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9]{12}$", max_length=12, description="The id of a key.", examples=["A1b2C3d4E5f6"])
]


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("is no network such as 192.0.2.0/24") from None


Network = Annotated[
    str,
    Field(
        min_length=2,
        max_length=43,
        pattern=r"^[0-9a-f.:]+/[0-9]{1,3}$",
        examples=["192.0.2.0/24"],
        description="In the form of CIDR, IPv4 or IPv6.",
    ),
    AfterValidator(_network),
]
Thumbprint = Annotated[
    str,
    Field(
        min_length=43,
        max_length=43,
        pattern=f"^{THUMBPRINT.pattern}$",
        examples=["A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"],
    ),
]
BOUND = "Refused without the certificate of this thumbprint (x5t#S256) in the TLS of the call; null: none is asked for."
Scopes = Annotated[list[Scope], Field(max_length=len(Scope), description="Empty: all that the role has.")]


class KeyBounds(Strict):
    """How long a key is valid, what it may do, and from where."""

    expires_in_days: Days = LONGEST_LIFE
    not_before: Instant | None = Field(None, description="Refused before this moment; null: valid at once.")
    scopes: Scopes = Field(default_factory=list)
    networks: list[Network] = Field(
        default_factory=list, max_length=20, description="Refused from anywhere else; empty: taken from anywhere."
    )
    certificate: Thumbprint | None = Field(None, description=BOUND)


class KeyWish(KeyBounds):
    """What a new key is for, and its bounds."""

    label: Label = Field("", examples=["dal 2027"])


class KeySeen(View):
    """A key without its secret."""

    id: KeyId
    role: Role
    source: SlugShown | None
    label: Words
    state: Literal["valid", "not_yet_valid", "expired", "revoked"]
    scopes: list[Scope] = Field(max_length=len(Scope), description="What it may do.")
    networks: list[Annotated[str, Field(max_length=43)]] = Field(max_length=20, description="Empty: from anywhere.")
    certificate: Thumbprint | None = Field(description=BOUND)
    created_at: Moment
    created_by: Words = Field(description="As in the audit log.")
    not_before: Moment | None
    expires_at: Moment
    revoked_at: Moment | None
    last_used_at: Moment | None = Field(description="Written down about once a minute.")
    last_used_ip: Words | None


class KeyIssued(KeySeen):
    """A new key. Keep `key` now: it is not shown again."""

    key: str = Field(max_length=64, pattern=r"^camp_live_[A-Za-z0-9]{12}_[A-Za-z0-9]{38}$")


def seen(key: Key) -> KeySeen:
    return KeySeen(**_members(key))


def issued(key: Issued) -> KeyIssued:
    return KeyIssued(**_members(key.row), key=key.text)


def wanted(wish: KeyBounds, role: Role, label: str, source: str | None = None) -> Wanted:
    """Put a wish in the words of whoever issues keys."""
    return Wanted(
        role=role,
        source=source,
        label=label,
        days=wish.expires_in_days,
        scopes=wish.scopes,
        networks=wish.networks,
        certificate=wish.certificate,
        not_before=wish.not_before,
    )


def _members(key: Key) -> dict[str, object]:
    same = ("id", "role", "source", "label", "networks", "certificate", "created_at", "created_by", "not_before")
    used = ("expires_at", "revoked_at", "last_used_at", "last_used_ip")
    scopes = sorted(key.scopes or SCOPES[Role(key.role)])
    return {**{name: getattr(key, name) for name in (*same, *used)}, "state": _state(key), "scopes": scopes}


def _state(key: Key) -> str:
    now = datetime.now(UTC)
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at <= now:
        return "expired"
    return "not_yet_valid" if key.not_before is not None and key.not_before > now else "valid"

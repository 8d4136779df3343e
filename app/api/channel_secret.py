# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/channels/{slug}/secret: what a channel's calls are signed with, shown once."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from app.api.callers import ChannelAdmin
from app.api.examples import SECRETS
from app.api.house import Open
from app.api.idempotency import Making, was_made_now
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.services import SlugInPath
from app.api.view import View, answer
from app.audit import record
from app.database import Connection
from app.domain.errors import NotFoundError, StateConflictError
from app.domain.notice import Strict
from app.domain.whole import WHOLE
from app.kinds import SIGNED
from app.signing import new_private_key, new_shared_secret, public_half
from app.telemetry import log
from app.vault import Vault, rotate

router = APIRouter(route_class=StrictRoute, tags=["Channels"])
PURPOSE = "channel"
CHANNEL = "select id, kind from channel where slug = $1 and retired_at is null for update"
UNSIGNED = "Calls to channels of this kind are not signed."
Signature = Annotated[
    Literal["hmac", "ed25519"],
    Field(
        description="hmac: both sides know one secret. ed25519: we sign with a key of ours, with the public half shown."
    ),
]
Secret = Annotated[
    str,
    Field(
        max_length=100,
        pattern=r"^wh(sec|pk)_[A-Za-z0-9+/]+={0,2}$",
        examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
        description="What the receiver verifies signatures with. It is shown now and never again.",
    ),
]


class SecretWish(Strict):
    """A new secret; the one before it goes on signing, too, for the hours given."""

    signature: Signature = "hmac"
    overlap_hours: Annotated[int, Field(ge=0, le=168, json_schema_extra={"format": "int32"}), WHOLE] = 24


class SecretMade(View):
    """A secret of Standard Webhooks. Keep `secret` now: it is not shown again."""

    secret: Secret


@router.post(
    "/channels/{slug}/secret",
    status_code=201,
    summary="Make or replace a channel's secret",
    responses={409: {}},
    response_model=SecretMade,
)
async def make_channel_secret(
    caller: ChannelAdmin,
    slug: SlugInPath,
    wish: Annotated[SecretWish, Depends(Reading(SecretWish, examples=SECRETS))],
    house: Open,
    once: Making,
) -> Response:
    """Make what the calls to a webhook are signed with, and answer it, this once.

    Calls carry both signatures until `overlap_hours` are over, so that the receiver can change without a gap.
    """
    key = new_key(wish.signature)

    async def enter(connection: Connection) -> Response:
        channel = await connection.fetchrow(CHANNEL, slug)
        if channel is None:
            raise NotFoundError(f"There is no channel {slug}.")
        if channel["kind"] not in SIGNED:
            raise StateConflictError(UNSIGNED)
        overlap = timedelta(hours=wish.overlap_hours)
        await rotate(connection, Vault.of(house.settings), PURPOSE, str(channel["id"]), key, overlap)
        await record(connection, caller.actor, "secret.created", f"channel/{slug}", after={"signature": wish.signature})
        return answer(SecretMade(secret=receivers_half(key)), 201, Location=f"{house.public}/v1/channels/{slug}")

    response = await once.entered(house, caller, enter, sealed=True)
    if was_made_now(response):
        log.info("secret.created", channel=slug)
    return response


def new_key(signature: str) -> str:
    return new_private_key() if signature == "ed25519" else new_shared_secret()


def receivers_half(key: str) -> str:
    """Give what the receiver needs of a key: the same for a shared one, the public half of a private one."""
    return public_half(key) if key.startswith("whsk_") else key

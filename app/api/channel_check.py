# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/channels/{slug}/check: whether we may post there, as its platform says."""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.api.callers import ChannelAdmin
from app.api.channel_view import CheckSeen, check_seen
from app.api.examples import CHECKS
from app.api.house import Open
from app.api.reading import Reading
from app.api.routes import StrictRoute
from app.api.services import SlugInPath
from app.audit import record
from app.channels import channel_named, note_check
from app.checks import ask
from app.domain.notice import Strict
from app.sources import flush
from app.telemetry import log

router = APIRouter(route_class=StrictRoute, tags=["Channels"])


class CheckWish(Strict):
    """ask true: prove with a silent test post that the channel can be asked after a doubt, and delete it again."""

    ask: bool = False


@router.post("/channels/{slug}/check", summary="Check a channel with its platform", responses={409: {}})
async def check_channel(
    caller: ChannelAdmin,
    slug: SlugInPath,
    wish: Annotated[CheckWish, Depends(Reading(CheckWish, examples=CHECKS))],
    house: Open,
) -> CheckSeen:
    """Ask the platform whether we may post there, and keep what it says."""
    async with house.database.sessions() as session:
        channel = await channel_named(session, slug)
    asked = channel.address
    found = await ask(house.database.pool, house.doorbell, channel.kind, asked, by=caller.key, prove=wish.ask)
    async with house.database.sessions.begin() as session:
        channel = await channel_named(session, slug, for_update=True)
        found = note_check(channel, asked, found, proved=wish.ask)
        session.add(channel)
        await flush(session, "Another channel has the address that the platform calls this one by.")
        after = {"ask": wish.ask, "verdict": found.verdict, "can_ask": channel.can_ask}
        await record(session, caller.actor, "channel.checked", f"channel/{slug}", after=after)
    log.info("channel.checked", channel=slug, verdict=found.verdict)
    return check_seen(channel)

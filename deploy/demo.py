# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev demo: everything, with sample notices handed in as the municipal systems would."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from deploy.board import Board, tell_account
from deploy.campaign import Campaign, RefusedError
from deploy.choosing import choose
from deploy.plan import Plan
from deploy.supervisor import GaveUpError
from deploy.terminal import tell
from deploy.town import Sample, Town
from deploy.up import arguments, run, tell_addresses
from deploy.witnesses import account_of

PATIENCE = 120
LOOK = 0.2
STOPPED = 130  # stopped before the account could be given
ONLY_HERE = (
    "The demo posts invented notices, so it posts to a sandbox on this machine only: unset CAMPANELLA_TELEGRAM_API_URL,"
    " CAMPANELLA_TELEGRAM_TOKEN and CAMPANELLA_WECHAT_APP_ID, or use ./dev up."
)


@dataclass
class Demo:
    """The story of one demo: hand in, watch, give account."""

    campaign: Campaign
    board: Board
    first_post: float | None = None

    async def hand_in(self) -> None:
        for sample in self.campaign.town.samples:
            self.board.accept(sample, await self.campaign.hand_in(sample))

    async def change_something(self) -> None:
        """Correct one notice and withdraw another, as their sources would, and watch every channel follow."""
        town = self.campaign.town
        self.board.say(f"corrected  {town.corrected.event_id:<30} by {town.corrected.source}")
        await self.campaign.correct(town.corrected, town.change)
        self.board.say(f"withdrawn  {town.withdrawn.event_id:<30} by {town.withdrawn.source}")
        await self.campaign.withdraw(town.withdrawn)
        await self.watch([town.corrected, town.withdrawn])

    async def watch(self, samples: Sequence[Sample]) -> None:
        """Look at what is open until nothing is, or until the patience is over."""
        deadline = time.monotonic() + PATIENCE
        waiting = list(samples)
        while waiting and time.monotonic() < deadline:
            waiting = [sample for sample in waiting if await self._is_open(sample)]
            await choose(self.campaign)
            await asyncio.sleep(LOOK)

    async def _is_open(self, sample: Sample) -> bool:
        if sample.event_id not in self.campaign.ids:
            return True
        deliveries = await self.campaign.look(sample)
        self.board.see(sample, deliveries)
        if self.first_post is None and any(owed.state == "delivered" for owed in deliveries):
            self.first_post = seconds_since_start()
        return any(owed.is_open for owed in deliveries)


async def tell_the_story(made: Plan, *, once: bool) -> int:
    """Hand in the samples and watch; then stay, or give account and end."""
    tell_addresses(made)
    try:
        code = await _campaign(made)
    except RefusedError as error:
        raise GaveUpError(str(error), 1) from None
    if not once:
        tell_addresses(made)
        tell("Everything stays up until Ctrl-C.")
        await asyncio.Event().wait()
    return code


async def _campaign(made: Plan) -> int:
    town = Town.read("" if made.postgres else f"~{int(time.time()):x}")  # in a database of others, as another event
    async with aiohttp.ClientSession() as http:
        where = (
            made.api_url,
            made.environment["CAMPANELLA_ADMIN_KEY"],
            made.environment["CAMPANELLA_TELEGRAM_API_URL"],
            made.environment["CAMPANELLA_WECHAT_API_URL"],
            made.receiver_url,
        )
        campaign = Campaign(http, *where, town)
        demo = Demo(campaign, Board(town))
        await campaign.furnish()
        with demo.board.shown():
            await asyncio.gather(demo.hand_in(), demo.watch(town.samples))
            await demo.change_something()
        await campaign.check()
        account = await account_of(campaign)
    tell_account(account, town)
    if demo.first_post is not None:
        tell(f"The first post was delivered {demo.first_post:.1f} s after the start of ./dev.")
    return 0 if account.is_settled and account.is_good else 1


def posts_elsewhere() -> bool:
    """Tell whether the environment names an account, or a Bot API server that is not on this machine."""
    address = os.environ.get("CAMPANELLA_TELEGRAM_API_URL", "")
    token = os.environ.get("CAMPANELLA_TELEGRAM_TOKEN", "")
    is_real = bool(address or token) and urlsplit(address).hostname not in ("127.0.0.1", "localhost")
    return is_real or bool(os.environ.get("CAMPANELLA_WECHAT_APP_ID"))


def seconds_since_start() -> float:
    """How long this process has lived, the part of ./dev before it became us included."""
    after_boot = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - after_boot / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = arguments(__doc__ or "")
    parser.add_argument("--once", action="store_true", help="end when all is settled; 0 if nothing was lost or twice")
    options = parser.parse_args()
    if posts_elsewhere():
        tell(ONLY_HERE)
        return 2
    story = partial(tell_the_story, once=options.once)
    return run(options, story, fresh=True, if_stopped=STOPPED if options.once else 0)


if __name__ == "__main__":
    sys.exit(main())

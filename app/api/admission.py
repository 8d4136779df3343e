# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Lets a notice in once its priority is known: within the quota of its source, and as the load allows."""

import math
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from app.access import Caller
from app.api.crowd import RANKS, Rank
from app.api.house import House
from app.domain.errors import QuotaExceededError, ReducedCapacityError, TooLargeError
from app.domain.notice import Priority
from app.domain.rate import Excess, Standing

SIGNS = re.compile(rb'"urgent"|\\u00[0-7]|data_base64')
"""One of these is in every notice in JSON that is urgent, however it is spelled: an escape may stand for a letter."""


@asynccontextmanager
async def let_in(house: House, caller: Caller, priorities: Sequence[Priority]) -> AsyncIterator[None]:
    """Hold a place while the notices of one request are stored.

    Raises QuotaExceededError, ReducedCapacityError, and TooLargeError for more than the quota ever lets in. Every
    notice but the first, which was counted with the request, counts as a request of its own; of what is refused none
    is counted.
    """
    rank = max((RANKS[priority] for priority in priorities), default=Rank.NORMAL)
    await _count(house, caller, len(priorities), rank)
    try:
        house.gate.turn_away(rank)
        begun = await house.gate.enter(rank)
    except ReducedCapacityError:
        house.quotas.give_back(caller, max(1, len(priorities)))
        raise
    try:
        yield
    finally:
        house.gate.leave(begun)


def turn_away_early(house: House, caller: Caller, body: bytes, *, says_priority: bool) -> None:
    """Under load refuse, before it is read in earnest, what cannot be urgent, since it nowhere says so.

    `says_priority`: whether a body of this medium must say so at all to be urgent.
    """
    if not says_priority or may_be_urgent(body):
        return
    try:
        house.gate.turn_away(Rank.NORMAL)
    except ReducedCapacityError:
        if caller.excess is None:
            house.quotas.give_back(caller, 1)
        raise


def may_be_urgent(body: bytes) -> bool:
    """Tell from the bytes of JSON whether a notice in it can be urgent."""
    return SIGNS.search(body) is not None


async def _count(house: House, caller: Caller, number: int, rank: Rank) -> None:
    """Count what has not been counted with the request; urgent notices may draw on the reserve."""
    most = min((policy.quota for policy in house.quotas.policies(caller)), default=number)
    if number > most:
        raise TooLargeError(f"Each notice counts, and the quota of this source is {most}: send fewer.", limit=most)
    standing, owed = (None, number - 1) if caller.excess is None else (caller.excess.standing, number)
    if standing is None and owed > 0:
        standing = await house.quotas.spend(caller, owed)
    if standing is None or standing.wait is None:
        return
    if rank is not Rank.URGENT or (await house.quotas.spend_reserve(caller, owed)).wait is not None:
        raise exceeded(replace(standing, refused=number))
    if caller.excess is not None:
        caller.excess.is_let_in = True


def beyond(excess: Excess | None) -> QuotaExceededError | None:
    """Say that the quota is used up, before anything else that may be wrong with a request that was not let in."""
    return None if excess is None or excess.is_let_in else exceeded(excess.standing)


def exceeded(standing: Standing) -> QuotaExceededError:
    """Say when to come back: not sooner than we tell in RateLimit, and not all at once."""
    wait = max(1, math.ceil(standing.wait or 0))
    spread = secrets.randbelow(wait // 10 + 2)
    return QuotaExceededError(wait=wait + spread, violated=standing.violated)

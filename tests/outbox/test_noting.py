# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-13: where a worker ended without a word, what is about to be rendered is counted before."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.database import Pool
from app.domain.backoff import CRASHES
from app.domain.delivery import Part
from app.outbox import ChannelKind, Owed, Taken, claim
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, deliveries, plain, plainly

CAREFUL = replace(TURN, careful=True)


class PowerCut(BaseException):
    """What ends a process runs past everything that would put it right."""


def deadly(owed: Owed) -> Sequence[Part]:
    if owed.slug == "bad":
        raise PowerCut
    return plainly(owed)


async def taken(pool: Pool, kind: ChannelKind) -> Taken:
    await pool.execute(
        "update delivery set due_at = now() where due_at > now()"
    )  # what it rests need not be waited for
    return await claim(pool, kind, CAREFUL)


async def crashes(pool: Pool) -> list[int]:
    return [row["crashes"] for row in await deliveries(pool)]


async def test_a_claim_with_care_takes_what_any_claim_takes_and_leaves_no_trace(pool: Pool) -> None:
    await a_channel(pool, "one")
    await a_channel(pool, "two")
    await accepted(pool)

    claimed = await claim(pool, plain(), CAREFUL)

    assert [call.owed.slug for call in claimed.calls] == ["one", "two"]
    assert [call.owed.progress.crashes for call in claimed.calls] == [0, 0]
    rows = await deliveries(pool)
    assert [(row["crashes"], row["attempts"], row["lease_until"] is not None) for row in rows] == [(0, 1, True)] * 2
    assert await pool.fetchval("select bool_and(due_at <= now()) from delivery")
    assert (await claim(pool, plain(), CAREFUL)).calls == ()


async def test_what_ends_its_process_while_it_is_rendered_is_set_aside_after_five(pool: Pool) -> None:
    await a_channel(pool, "bad")
    await a_channel(pool, "good")
    await accepted(pool)
    kind = replace(plain(), render=deadly)

    counted = []
    for _ in range(CRASHES):
        with pytest.raises(PowerCut):
            await taken(pool, kind)
        counted.append(await crashes(pool))
    last = await taken(pool, kind)
    then = await taken(pool, kind)

    assert counted == [[1, 1], [2, 2], [3, 2], [4, 2], [5, 2]]  # from the third on it is alone
    assert [(work.slug, step.state, step.error) for work, step in last.ended] == [
        ("bad", "dead", "5 attempts ended without any outcome")
    ]
    assert [call.owed.slug for call in then.calls] == ["good"]


async def test_a_claim_that_fails_takes_its_count_back(pool: Pool) -> None:
    await a_channel(pool, "good")
    await accepted(pool)
    await pool.execute("alter table attempt add constraint nothing check (false)")
    try:
        with pytest.raises(Exception, match="nothing"):
            await claim(pool, plain(), CAREFUL)
    finally:
        await pool.execute("alter table attempt drop constraint nothing")

    assert await crashes(pool) == [0]
    assert len((await claim(pool, plain(), CAREFUL)).calls) == 1

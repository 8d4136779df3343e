# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What S1, S2 and S3 promise of copies and refusals holds until all is over; what they time ends with the last owed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg
import msgspec
import pytest

from app.database import Pool
from deploy.bench import fanout, overtaking, series
from deploy.bench.city import Handed, until_over
from deploy.bench.figure import OURS, Figure, nothing_open
from deploy.bench.journal import Account, Arrival, Journal
from tests.given import a_channel, accepted

LATE = 1.5
SETTLE = "update delivery set state = 'delivered', settled_at = now()"


def post(moment: float, chat: int = 1, text: str = "Mensa fredda") -> Arrival:
    return Arrival(moment, "sendMessage", "accepted", chat=chat, text=text)


def refusal(moment: float) -> Arrival:
    return Arrival(moment, "sendMessage", "refused", chat=1, text="Mensa fredda", code=429)


def later(posts: Sequence[Arrival]) -> Account:
    """Let one of the posts come once more after the last, and then be refused."""
    copy = msgspec.structs.replace(posts[0], monotonic=posts[-1].monotonic + LATE)
    return Account((*posts, copy, refusal(copy.monotonic + LATE)))


def values(figures: Sequence[Figure]) -> dict[str, float]:
    return {figure.what: figure.value for figure in figures}


def unmet(figures: Sequence[Figure]) -> set[str]:
    return {figure.what for figure in figures if figure.is_met is False}


LATE_ONES = {"posted twice", "refused with 429"}


def test_s1_counts_what_came_after_the_last_and_does_not_time_it() -> None:
    account = later([post(number / 40, chat=number) for number in range(1, 301)])

    figures = fanout.figures_of(OURS, account, 0.0)

    assert unmet(figures) == LATE_ONES
    assert values(figures) == {"reached, of 300": 300, "posted twice": 1, "refused with 429": 1, "until the last": 7.5}


def test_s2_counts_what_came_after_the_last_and_does_not_time_it() -> None:
    titles = [f"Avviso numero {number}." for number in range(1, 11)]
    account = later([post(float(number), text=title) for number, title in enumerate(titles)])

    figures = series.figures_of(OURS, account, titles, 0.0)

    assert unmet(figures) == LATE_ONES
    assert values(figures) == {"in order, of 10": 10, "posted twice": 1, "refused with 429": 1, "until the last": 9.0}


def test_s3_counts_what_came_after_the_last_and_does_not_time_it() -> None:
    """Thirty a second; the copy of an urgent one does not make it late."""
    texts = [f"{overtaking.URGENT_TITLE} {number}." for number in range(1, overtaking.URGENT + 1)]
    bulk = [post(2 + number / 30, chat=number) for number in range(900)]
    account = later([*(post(number / 30, text=text) for number, text in enumerate(texts)), *bulk])
    handed = [Handed(0.0, number / 30, "", 1) for number in range(overtaking.URGENT)]

    figures = overtaking.figures_of_ours(account, handed, 900)

    assert unmet(figures) == LATE_ONES
    assert values(figures)["of 30/s in steady state"] == pytest.approx(100, abs=1)
    assert values(figures)["urgent, accepted to wire, longest"] == 0


def test_what_is_still_open_at_the_end_misses_an_aim() -> None:
    assert [nothing_open(many).is_met for many in (0, 1)] == [True, False]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=2) as opened:
        yield opened


async def test_a_copy_that_comes_after_all_is_settled_is_in_the_account(pool: Pool, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    await a_channel(pool)
    await accepted(pool)

    async def settles_and_repeats() -> None:
        write(journal, post(1.0))
        await pool.execute(SETTLE)
        await asyncio.sleep(0.5)
        write(journal, post(1.5))

    repeating = asyncio.create_task(settles_and_repeats())
    still_open = await until_over(pool, 60)

    assert (still_open, journal.since().doubles()) == (0, 1)
    await repeating


async def test_what_never_settles_is_told(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool)

    assert await until_over(pool, patience=0) == 1


def write(journal: Journal, arrival: Arrival) -> None:
    with journal.path.open("ab") as lines:
        lines.write(msgspec.json.encode(arrival) + b"\n")

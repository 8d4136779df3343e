# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Corrections and withdrawals while attempts are in flight and in doubt: the latest wish wins, once."""

import asyncio
import random
from typing import Any
from uuid import UUID

import pytest

from app.amend import Change, amend, withdraw
from app.domain.notice import Notice
from tests.given import a_notice
from tests.reliability.ground import Ground, until


async def corrected(ground: Ground, number: UUID, event: str, title: str, **members: Any) -> None:
    notice: Notice = a_notice(event_id=event, texts={"it": {"title": title}}, **members)
    await amend(ground.pool, ground.routing, Change(number, "mensa", "test", None), notice)


async def taken_back(ground: Ground, number: UUID, *, delete: bool = False) -> None:
    await withdraw(ground.pool, Change(number, "mensa", "test", None), delete=delete)


async def in_doubt(ground: Ground) -> bool:
    return "in_doubt" in await ground.states()


async def called(ground: Ground) -> bool:
    return any(entry.method == "sendMessage" for entry in ground.telegram.entries())


@pytest.mark.parametrize("fault", ["answer_reset", "reset_before_accepting"])
async def test_a_correction_reaches_a_post_that_is_in_doubt(ground: Ground, fault: str) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.fault(fault, chat)
    number = (await ground.accept(event_id="a", in_doubt="hold")).id
    ground.workers.start()
    await until(lambda: in_doubt(ground))

    await corrected(ground, number, "a", "Domani mensa chiusa", in_doubt="hold")
    await ground.settles()

    assert "Domani mensa chiusa" in (await ground.telegram.shows(chat))[-1]
    assert len(ground.telegram.posts()) == 1
    assert await ground.verdict() == []


@pytest.mark.parametrize("fault", ["answer_reset", "reset_before_accepting", "late_answer"])
async def test_a_deletion_reaches_a_post_that_is_in_doubt_or_on_the_wire(ground: Ground, fault: str) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    figures: dict[str, Any] = {"seconds": 0.5} if fault == "late_answer" else {}
    await ground.telegram.fault(fault, chat, **figures)
    await ground.telegram.fault("answer_reset", chat, method="deleteMessage")
    number = (await ground.accept(in_doubt="hold")).id
    ground.workers.start()
    await until(lambda: called(ground))

    await taken_back(ground, number, delete=True)
    await ground.settles()

    assert await ground.telegram.shows(chat) == []
    assert await ground.states() == {"withdrawn": 1}
    assert await ground.verdict() == []


@pytest.mark.parametrize(("fault", "shown"), [("answer_reset", 1), ("reset_before_accepting", 0)])
async def test_a_withdrawal_reaches_a_post_that_is_in_doubt(ground: Ground, fault: str, shown: int) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.fault(fault, chat)
    number = (await ground.accept(in_doubt="hold")).id
    ground.workers.start()
    await until(lambda: in_doubt(ground))

    await taken_back(ground, number)
    await ground.settles()

    texts = await ground.telegram.shows(chat)
    assert [("ritirat" in text.lower()) for text in texts] == [True] * shown
    assert await ground.states() == {"withdrawn": 1}
    assert await ground.verdict() == []


async def test_a_doubt_rests_although_it_is_corrected_meanwhile(ground: Ground) -> None:
    """The doubted request lands two seconds after it was given up; whoever asks at once would post again."""
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.fault("delayed", chat, delay=2.5)
    number = (await ground.accept(event_id="a", in_doubt="hold")).id
    ground.workers.start()
    await until(lambda: in_doubt(ground))

    await corrected(ground, number, "a", "Domani mensa chiusa", in_doubt="hold")
    await until(lambda: landed(ground))
    await ground.settles()

    assert len(ground.telegram.posts()) == 1
    assert await ground.verdict() == []


async def landed(ground: Ground) -> bool:
    return any(entry.fault == "delayed" for entry in ground.telegram.entries())


async def test_a_correction_made_while_the_call_is_on_the_wire_is_an_edit(ground: Ground) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.fault("late_answer", chat, seconds=0.5)
    number = (await ground.accept(event_id="a")).id
    ground.workers.start()
    await until(lambda: called(ground))

    await corrected(ground, number, "a", "Domani mensa chiusa")
    await ground.settles()

    (text,) = await ground.telegram.shows(chat)
    assert "Domani mensa chiusa" in text
    assert await ground.verdict() == []


async def test_the_latest_wish_wins_whatever_breaks_and_whoever_is_killed(ground: Ground) -> None:
    """30 notices to 6 channels, corrected and withdrawn at random while calls break and workers die."""
    await ground.channels(6, can_ask=True)
    dice = random.Random(3)  # noqa: S311 - to be repeated
    for kind in ("answer_reset", "reset_before_accepting", "answer_hung", "bad_gateway"):
        await ground.telegram.fault(kind, method=None, times=None, chance=0.04)
    ground.workers.start(2)

    changing = [asyncio.create_task(live(ground, number, random.Random(number))) for number in range(30)]  # noqa: S311
    for _ in range(8):
        await asyncio.sleep(dice.uniform(0.2, 0.8))
        ground.workers.kill(dice.choice(ground.workers.running))
        ground.workers.start()
    await asyncio.gather(*changing)
    await ground.telegram.calm()
    await ground.settles()

    assert sum((await ground.states()).values()) == 180
    assert set(await ground.states()) == {"delivered", "withdrawn"}
    assert await ground.verdict() == []


async def live(ground: Ground, number: int, dice: random.Random) -> None:
    """Accept, correct twice, perhaps withdraw or have it deleted: the life of one notice."""
    await asyncio.sleep(dice.uniform(0, 3))
    accepted = await ground.accept(event_id=f"e{number}", in_doubt="hold")
    for revision in range(2):
        await asyncio.sleep(dice.uniform(0, 2))
        await corrected(ground, accepted.id, f"e{number}", f"Avviso {number} corretto {revision}", in_doubt="hold")
    if dice.random() < 0.4:
        await asyncio.sleep(dice.uniform(0, 1))
        await taken_back(ground, accepted.id, delete=dice.random() < 0.5)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A doubt ends where what is told takes the place of what was told before; elsewhere with an answer to its question."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.amend import Change, amend, withdraw
from app.audit import Actor
from app.database import Pool
from app.domain.delivery import Action, Part
from app.domain.outcome import Delivered, Doubted, Outcome, Refused, Undecided, Wire
from app.domain.settle import settle
from app.domain.step import NOWHERE
from app.outbox import ChannelKind, Claimed, Done, Owed, claim, decide, record, redrive
from app.outbox.record import OPEN
from app.restore import held_back
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import TURN, deliveries, plain, plainly

AT_ONCE = "update delivery set due_at = now(); update channel set free_at = now()"
UNKNOWN_PLACE = """update delivery set posts = (select json_agg(post::jsonb || '{"reference": null}')
                                               from json_array_elements(posts) as post)"""
IN_PLACE = replace(plain(), name="webhook", once_key=True, in_place=True)
HELD = ("held", True, OPEN)


def in_two(owed: Owed) -> Sequence[Part]:
    (part,) = plainly(owed)
    return [replace(part, digest=f"{part.digest}{number}") for number in range(2)]


async def one_call(pool: Pool, kind: ChannelKind) -> Claimed | None:
    """Claim what is due, and let end what needs no call."""
    await pool.execute(AT_ONCE)
    for _ in range(3):
        for call in (await claim(pool, kind, TURN)).calls:
            return call
    return None


async def came_to(pool: Pool, kind: ChannelKind, *outcomes: Outcome) -> list[Claimed]:
    """Let what is due come to this, one call after the other."""
    calls = []
    for outcome in outcomes:
        call = await one_call(pool, kind)
        assert call is not None
        after = settle(call.owed.progress, call.intent, outcome, datetime.now(UTC), 0.0)
        what = (call.owed, call.intent, call.token, outcome, after, Wire.BODY)
        await record(pool, [Done(*what, in_place=kind.in_place)])
        calls.append(call)
    return calls


async def the_row(pool: Pool) -> tuple[asyncpg.Record, tuple[str, bool, str | None]]:
    (row,) = await deliveries(pool)
    return row, (row["state"], row["doubted"], row["last_error"])


async def taken_back(pool: Pool) -> None:
    await withdraw(pool, Change(await pool.fetchval("select id from notice"), "mensa", "test", None))


async def corrected(pool: Pool, title: str) -> None:
    (row,) = await pool.fetch("select id, event_id from notice")
    notice = a_notice(event_id=row["event_id"], texts={"it": {"title": title}}, in_doubt="repeat")
    await amend(pool, Routing(), Change(row["id"], "mensa", "test", None), notice)


async def a_dead_letter(pool: Pool) -> tuple[list[Claimed], asyncpg.Record]:
    """Give what was told twice under one key, without an answer and then in vain."""
    await a_channel(pool, kind="webhook")
    await accepted(pool)
    calls = await came_to(pool, IN_PLACE, Doubted("reset"), Refused("410"))
    row, stands = await the_row(pool)
    assert stands == ("dead", True, "410")
    return calls, row


async def test_what_is_told_in_the_place_of_what_may_have_been_told_is_in_doubt_no_more(pool: Pool) -> None:
    calls, row = await a_dead_letter(pool)
    await redrive(pool, [row["id"]])
    calls += await came_to(pool, IN_PLACE, Delivered(("1",)))
    assert (await the_row(pool))[1] == ("delivered", False, None)
    assert len({call.intent.key for call in calls}) == 1

    await taken_back(pool)
    (edit,) = await came_to(pool, IN_PLACE, Delivered(("1",)))

    assert edit.intent.action is Action.EDIT
    assert (await the_row(pool))[1] == ("withdrawn", False, None)


@pytest.mark.parametrize("back", [False, True])
async def test_a_doubt_that_an_earlier_version_left_ends_when_the_receiver_has_what_it_should(
    pool: Pool, *, back: bool
) -> None:
    await a_channel(pool, kind="webhook")
    await accepted(pool)
    await came_to(pool, IN_PLACE, Delivered(("1",)))
    if back:
        await taken_back(pool)
        await came_to(pool, IN_PLACE, Delivered(("1",)))
    await pool.execute("update delivery set doubted = true, state = 'due', settled_at = null")

    assert await one_call(pool, IN_PLACE) is None

    row, stands = await the_row(pool)
    assert (stands, row["settled_at"] is None) == (("withdrawn" if back else "delivered", False, None), False)


async def test_what_may_have_been_told_and_is_withdrawn_before_it_is_told_again_is_a_persons(pool: Pool) -> None:
    await a_dead_letter(pool)

    await taken_back(pool)

    assert await one_call(pool, IN_PLACE) is None
    assert (await the_row(pool))[1] == HELD


@pytest.mark.parametrize("back", [False, True])
async def test_after_a_restore_a_receiver_may_know_what_is_due_until_it_is_told_so(pool: Pool, *, back: bool) -> None:
    await a_channel(pool, kind="webhook")
    await accepted(pool)
    async with pool.acquire() as connection, connection.transaction():
        await held_back(connection, timedelta(hours=1), Actor("cli:test"))
    if back:
        await taken_back(pool)
        assert await one_call(pool, IN_PLACE) is None
    else:
        await came_to(pool, IN_PLACE, Delivered(("1",)))

    assert (await the_row(pool))[1] == (HELD if back else ("delivered", False, None))


async def posted_again(pool: Pool) -> None:
    """Leave what may stand there twice, of which one place is known."""
    await a_channel(pool)
    await accepted(pool, in_doubt="repeat")
    await came_to(pool, plain(), Doubted("reset"), Delivered(("42",)))


@pytest.mark.parametrize("decision", ["sent", "not_sent", "give_up"])
async def test_who_says_what_became_of_a_change_has_not_said_whether_another_post_stands_there(
    pool: Pool, decision: str
) -> None:
    await posted_again(pool)
    await corrected(pool, "Corretto")
    (edit,) = await came_to(pool, plain(), Undecided("it did not say"))
    row, held = await the_row(pool)

    await decide(pool, row["id"], decision)  # type: ignore[arg-type]

    assert (edit.intent.action, held) == (Action.EDIT, ("held", True, "it did not say"))
    assert (await the_row(pool))[1][1] is True


async def test_who_says_where_a_known_post_is_has_not_said_whether_another_stands_there(pool: Pool) -> None:
    await posted_again(pool)
    await pool.execute(UNKNOWN_PLACE)
    await taken_back(pool)
    assert await one_call(pool, plain()) is None
    row, held = await the_row(pool)

    await decide(pool, row["id"], "sent", ["43"])
    (edit,) = await came_to(pool, plain(), Delivered(("43",)))

    assert (held, edit.intent.reference) == (("held", True, NOWHERE), "43")
    assert (await the_row(pool))[1] == HELD


async def test_a_person_is_asked_once_about_a_post_that_is_withdrawn_in_doubt(pool: Pool) -> None:
    kind = replace(plain(), render=in_two)
    await a_channel(pool)
    await accepted(pool)
    await came_to(pool, kind, Delivered(("41",)), Doubted("reset"))
    await taken_back(pool)
    await came_to(pool, kind, Delivered(("41",)))
    assert await one_call(pool, kind) is None
    row, held = await the_row(pool)

    await decide(pool, row["id"], "sent", ["42"])
    (edit,) = await came_to(pool, kind, Delivered(("42",)))

    assert (held[0], held[2], edit.intent.reference) == ("held", NOWHERE, "42")
    assert (await the_row(pool))[1] == ("withdrawn", False, None)

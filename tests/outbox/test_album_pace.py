# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An album spends as many sends as it has items, of its account, its channel and its group's minute."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.database import Pool
from app.domain.delivery import Part
from app.domain.outcome import Delivered
from app.domain.pace import Account, Limits, placed, slots
from app.outbox import Claimed, Owed, Turn, claim, give_back, slot
from app.outbox.step import CROWDED
from deploy.sandbox import Limits as Strict
from deploy.sandbox.limits import Gate
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, deliveries, plain, plainly, recorded
from tests.outbox.test_approval import CHINESE_FIRST, GUARD

ALBUM = ("photo a", "photo b", "photo c")
SPENT = "select (select cardinality(sent) from channel), (select cardinality(sent) from pace where kind = 'telegram')"
LONG_AGO = "update channel set sent = array(select at - interval '2 minutes' from unnest(sent) as at), free_at = now()"
BUSY = """
update pace set free_at = now(), sent = array(select now() - n * interval '1 millisecond' from generate_series(1, 29) n)
returning sent
"""
NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
HORIZON = timedelta(milliseconds=200)
RATE = 30.0


def album(owed: Owed) -> Sequence[Part]:
    return [replace(part, items=ALBUM) for part in plainly(owed)]


async def taken(pool: Pool, limits: Limits, turn: Turn = TURN) -> tuple[Claimed, ...]:
    return (await claim(pool, replace(plain(limits), render=album), turn)).calls


async def test_an_album_spends_each_of_its_items_also_once_it_is_posted(pool: Pool) -> None:
    await a_channel(pool, address="-1001")
    await accepted(pool)
    (call,) = await taken(pool, Limits(30, 1, 20))
    assert [tuple(row) for row in await pool.fetch(SPENT)] == [(3, 3)]
    assert await pool.fetchval("select free_at >= $1 from channel", call.moment + timedelta(seconds=3))

    await recorded(pool, call, Delivered(("1", "2", "3")))

    assert [tuple(row) for row in await pool.fetch(SPENT)] == [(3, 3)]


async def test_an_album_that_is_given_back_has_spent_nothing_of_its_channel(pool: Pool) -> None:
    await a_channel(pool, address="-1001")
    await accepted(pool)
    (call,) = await taken(pool, Limits(30, 1, 20))

    await give_back(pool, plain(Limits(30, 1, 20)), call)

    assert await pool.fetchval("select sent = '{}' and free_at <= clock_timestamp() from channel")


async def test_an_album_waits_until_the_minute_of_its_group_has_room_for_all_of_it(pool: Pool) -> None:
    await a_channel(pool, address="-1001")
    limits = Limits(0, 0, 5)
    await accepted(pool, event_id="1")
    (first,) = await taken(pool, limits)
    await recorded(pool, first, Delivered(("1", "2", "3")))
    await accepted(pool, event_id="2")

    assert await taken(pool, limits) == ()
    (_, second) = await deliveries(pool)
    assert (second["state"], second["last_error"], second["attempts"]) == ("due", CROWDED, 0)

    await pool.execute(LONG_AGO)
    await pool.execute("update delivery set due_at = now()")
    assert len(await taken(pool, limits)) == 1


async def test_what_is_shown_until_a_text_is_approved_keeps_its_place_while_its_album_waits(
    pool: Pool,
) -> None:
    await pool.execute(GUARD)
    await a_channel(pool, address="-1001", language="zh-Hans", interim=True)
    kind = replace(plain(Limits(0, 0, 5)), render=lambda owed: (album if len(owed.guarded) else plainly)(owed))
    await accepted(pool, event_id="1", texts=CHINESE_FIRST)
    (first,) = (await claim(pool, kind, TURN)).calls
    await recorded(pool, first, Delivered(("1", "2", "3")))
    await accepted(pool, event_id="2", texts=CHINESE_FIRST)
    await accepted(pool, event_id="3", service="nidi")

    assert [(await claim(pool, kind, TURN)).calls for _ in range(2)] == [(), ()]
    assert [row["state"] for row in await deliveries(pool)] == ["delivered", "due", "due"]

    await pool.execute(LONG_AGO)
    await pool.execute("update delivery set due_at = now()")
    (second,) = (await claim(pool, kind, TURN)).calls
    assert (second.intent.messages, second.owed.awaits) == (3, "zh-Hans")


async def test_another_moment_for_an_album_has_room_for_all_of_it(pool: Pool) -> None:
    """A process that stood still finds that the others have sent nearly all that a second may have."""
    await taken(pool, Limits(30, 1, 20))  # from now on the kind has its row
    others = await pool.fetchval(BUSY)

    moment = (await slot(pool, "telegram", RATE, messages=10)).moment

    assert len([at for at in others if at > moment - timedelta(seconds=1)]) + 10 <= RATE


def test_texts_and_albums_in_any_order_are_never_too_many_for_a_second() -> None:
    dice, gate, account, now = random.Random(7), Gate(Strict(RATE, 0, 0)), Account(NOW), NOW  # noqa: S311 - no secret
    spent = 0
    for _ in range(400):
        many = [dice.choice((1, 1, 2, 10)) for _ in range(6)]
        moments = placed(account, slots(account, now, HORIZON, RATE, 50), many, RATE)
        for messages, at in zip(many, moments, strict=False):
            gate.pass_write(1, (at - NOW).total_seconds(), messages)
        each = [at for messages, at in zip(many, moments, strict=False) for _ in range(messages)]
        account = account.spent(each, RATE) if each else account
        spent += len(each)
        now = max(now, account.next_at(RATE) - HORIZON / 2)
    assert spent / (now - NOW).total_seconds() > 0.6 * RATE

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Withdrawals that delete, and decisions about held deliveries, as rows."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.amend import Change, amend, withdraw
from app.audit import Actor
from app.database import Pool
from app.domain.errors import StateConflictError
from app.domain.outcome import Delivered, Doubted, Undeletable, Wire
from app.outbox import decide, sweep
from app.restore import held_back
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, recorded

AGE = """
update delivery set ready_at = ready_at - interval '2 hours'
 where notice_id = (select id from notice where event_id = $1)
"""
ALBUM = """update delivery set posts = '[{"reference": "42", "digest": "m", "items": [["42", "a"], ["43", "b"]]}]'"""
DOUBT = """
update delivery set state = 'in_doubt', intent = '{"action": "post", "number": 0}'
 where notice_id = (select id from notice where event_id = 'doubted')
"""


def change(number: UUID) -> Change:
    return Change(number, "mensa", "test", None)


async def posted(pool: Pool, reference: str = "42", event: str = "e1") -> UUID:
    number = (await accepted(pool, event_id=event)).id
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered((reference,)))
    return number


async def test_a_post_is_deleted_and_the_row_says_when(pool: Pool) -> None:
    await a_channel(pool)
    number = await posted(pool)

    assert (await withdraw(pool, change(number), delete=True)).changed
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Delivered())

    (row,) = await deliveries(pool)
    assert (call.intent.action, call.intent.items) == ("delete", ("42",))
    assert (row["state"], row["posts"], row["deleted_at"] is not None) == ("withdrawn", "[]", True)
    assert not (await withdraw(pool, change(number), delete=True)).changed
    assert (await claimed(pool)).calls == ()


async def test_a_wish_to_delete_that_comes_while_the_post_is_being_struck_is_not_lost(pool: Pool) -> None:
    await a_channel(pool)
    number = await posted(pool)
    await withdraw(pool, change(number))
    (striking,) = (await claimed(pool)).calls

    await withdraw(pool, change(number), delete=True)
    await recorded(pool, striking, Delivered())

    (call,) = (await claimed(pool)).calls
    assert (striking.intent.action, call.intent.action) == ("edit", "delete")


async def test_a_withdrawal_without_the_wish_never_takes_it_back(pool: Pool) -> None:
    await a_channel(pool)
    number = await posted(pool)
    await withdraw(pool, change(number), delete=True)

    assert not (await withdraw(pool, change(number))).changed

    assert (await claimed(pool)).calls[0].intent.action == "delete"


async def test_a_post_under_way_when_the_deletion_is_asked_for_is_deleted_after_it(pool: Pool) -> None:
    await a_channel(pool)
    number = (await accepted(pool)).id
    (call,) = (await claimed(pool)).calls

    await withdraw(pool, change(number), delete=True)
    await recorded(pool, call, Delivered(("42",)))

    assert (await claimed(pool)).calls[0].intent.items == ("42",)


async def test_what_stays_is_struck_and_the_row_says_why(pool: Pool) -> None:
    await a_channel(pool)
    number = await posted(pool)
    await withdraw(pool, change(number), delete=True)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Undeletable("message can't be deleted"))

    (striking,) = (await claimed(pool)).calls
    await recorded(pool, striking, Delivered())

    (row,) = await deliveries(pool)
    assert (striking.intent.action, row["state"], row["deleted_at"]) == ("edit", "withdrawn", None)
    assert '"kept": true' in row["posts"]


async def test_a_decision_with_a_place_lets_a_correction_edit_and_one_without_holds_it_again(pool: Pool) -> None:
    for slug in ("known", "unknown"):
        await a_channel(pool, slug)
    number = (await accepted(pool, event_id="e1", in_doubt="hold")).id
    for call in (await claimed(pool)).calls:
        await recorded(pool, call, Doubted("reset"), Wire.BODY)
    await pool.execute("update delivery set due_at = now()")
    await claimed(pool)
    first, second = await deliveries(pool)

    assert await decide(pool, first["id"], "sent", ["42"])
    assert await decide(pool, second["id"], "sent")
    assert [row["state"] for row in await deliveries(pool)] == ["delivered", "delivered"]
    await amend(pool, Routing(), change(number), a_notice(event_id="e1", in_doubt="hold"))
    taken = await claimed(pool)

    assert [(call.owed.slug, call.intent.action, call.intent.reference) for call in taken.calls] == [
        (taken.calls[0].owed.slug, "edit", "42")
    ]
    assert [settlement.state for _, settlement in taken.ended] == ["held"]
    assert sorted(row["state"] for row in await deliveries(pool)) == ["due", "held"]


@pytest.mark.parametrize("seen", ["42", "43"])
async def test_no_item_of_another_delivery_can_be_named(pool: Pool, seen: str) -> None:
    await a_channel(pool)
    await posted(pool, "42")
    await pool.execute(ALBUM)
    await accepted(pool)
    await pool.execute("update delivery set state = 'held' where state = 'due'")
    held = next(row for row in await deliveries(pool) if row["state"] == "held")

    with pytest.raises(StateConflictError):
        await decide(pool, held["id"], "sent", [seen])


async def test_after_a_doubt_that_ended_by_policy_nothing_is_asked_before_a_later_post_is_known(pool: Pool) -> None:
    await a_channel(pool, can_ask=True)
    await posted(pool, "41")
    await accepted(pool, in_doubt="hold")
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Doubted("reset"), Wire.BODY)
    await pool.execute("update delivery set due_at = now(), crashes = 5 where state = 'in_doubt'")
    await claimed(pool)

    await accepted(pool)
    (then,) = (await claimed(pool)).calls
    await recorded(pool, then, Delivered(("44",)))
    await accepted(pool)
    (later,) = (await claimed(pool)).calls

    assert (call.intent.after, then.intent.after, later.intent.after) == ("41", None, "44")


async def test_after_a_restore_what_may_be_posted_already_waits_for_a_person(pool: Pool) -> None:
    await a_channel(pool, "old", address="-1001", can_ask=True)
    await pool.execute("update channel set last_reference = '41'")
    number = await posted(pool)
    await amend(pool, Routing(), change(number), a_notice(event_id="e1"))
    await accepted(pool, event_id="overdue")
    await accepted(pool, event_id="doubted")
    await accepted(pool, event_id="young")
    await accepted(pool, event_id="later", publish_at="2099-01-01T00:00:00Z")
    for event in ("e1", "overdue"):
        await pool.execute(AGE, event)
    await pool.execute(DOUBT)

    async with pool.acquire() as connection, connection.transaction():
        waiting = await held_back(connection, timedelta(hours=1), Actor("cli:test"))

    rows = await pool.fetch("select event_id, state from delivery d join notice n on n.id = d.notice_id order by d.id")
    assert waiting == (2, 0)
    assert [tuple(row) for row in rows] == [
        ("e1", "due"),
        ("overdue", "held"),
        ("doubted", "held"),
        ("young", "due"),
        ("later", "due"),
    ]
    assert await pool.fetchval("select last_reference from channel") is None
    assert await pool.fetchval("select act from audit order by number desc limit 1") == "delivery.held"


async def test_after_a_restore_no_lease_of_the_backup_becomes_a_second_post(pool: Pool) -> None:
    await a_channel(pool)
    await accepted(pool, in_doubt="repeat")
    await claimed(pool)

    async with pool.acquire() as connection, connection.transaction():
        await held_back(connection, timedelta(hours=1), Actor("cli:test"))

    assert (await sweep(pool)).lapsed == 0
    assert (await claimed(pool)).calls == ()
    assert (await deliveries(pool))[0]["state"] == "held"

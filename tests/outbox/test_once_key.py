# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The key of an intent, in the rows of a kind whose platform tells a repetition by it."""

import json
from datetime import UTC, datetime

from app.amend import Change, withdraw
from app.database import Pool
from app.domain.delivery import Action
from app.domain.outcome import Delivered, Doubted, Failed, Outcome, Submitted, Wire
from app.domain.pace import Limits
from app.domain.settle import settle
from app.outbox import ChannelKind, Claimed, Done, claim, record, sweep
from tests.given import a_channel, accepted
from tests.outbox.conftest import TURN, deliveries, plainly
from tests.outbox.test_approval import CHINESE_FIRST, GUARD, approved, corrected

KEYED = ChannelKind("told", Limits(0, 0, 0), plainly, once_key=True)
AT_ONCE = "update delivery set due_at = now(); update channel set free_at = now()"


async def one_call(pool: Pool) -> Claimed:
    """Claim what is due; the first claim of a kind makes its pace."""
    await pool.execute(AT_ONCE)
    for _ in range(5):
        taken = await claim(pool, KEYED, TURN)
        if taken.calls:
            return taken.calls[0]
    raise AssertionError("nothing is due")


async def came_to(pool: Pool, call: Claimed, outcome: Outcome) -> None:
    settlement = settle(call.owed.progress, call.intent, outcome, datetime.now(UTC), 0.0)
    await record(pool, [Done(call.owed, call.intent, call.token, outcome, settlement, Wire.BODY)])


async def test_a_new_kind_needs_no_row_of_its_own_to_be_claimed(pool: Pool) -> None:
    await a_channel(pool, kind="told")
    await accepted(pool)

    call = await one_call(pool)

    assert await pool.fetchval("select slowdown from pace where kind = 'told'") == 1
    assert call.intent.action is Action.POST


async def test_the_key_is_written_down_before_the_first_call(pool: Pool) -> None:
    await a_channel(pool, kind="told")
    await accepted(pool)

    call = await one_call(pool)

    (row,) = await deliveries(pool)
    assert call.intent.key
    assert json.loads(row["intent"])["key"] == call.intent.key


async def test_a_certain_failure_a_doubt_and_a_killed_worker_repeat_the_same_key(pool: Pool) -> None:
    await a_channel(pool, kind="told")
    await accepted(pool)

    failed = await one_call(pool)
    await came_to(pool, failed, Failed("refused"))
    doubted = await one_call(pool)
    await came_to(pool, doubted, Doubted("reset"))
    killed = await one_call(pool)
    await pool.execute("update delivery set lease_until = now() - interval '1 second'")
    await sweep(pool)
    last = await one_call(pool)

    assert {call.intent.key for call in (failed, doubted, killed, last)} == {failed.intent.key}
    assert doubted.intent.payload == last.intent.payload


async def test_two_channels_of_one_notice_have_two_keys(pool: Pool) -> None:
    await a_channel(pool, "one", kind="told")
    await a_channel(pool, "two", kind="told")
    await accepted(pool)

    await one_call(pool)

    keys = {json.loads(row["intent"])["key"] for row in await deliveries(pool)}
    assert len(keys) == 2


async def test_a_post_in_doubt_when_it_is_withdrawn_is_taken_back(pool: Pool) -> None:
    await a_channel(pool, kind="told")
    notice = await accepted(pool)
    doubted = await one_call(pool)
    await came_to(pool, doubted, Doubted("reset"))

    await withdraw(pool, Change(notice.id, "mensa", "test", None))
    call = await one_call(pool)
    await came_to(pool, call, Delivered((str(call.intent.key),)))

    assert (call.intent.action, call.intent.reference) == (Action.EDIT, doubted.intent.key)
    assert call.intent.key != doubted.intent.key
    (row,) = await deliveries(pool)
    assert row["state"] == "withdrawn"


async def test_an_edit_that_is_repeated_has_the_same_key(pool: Pool) -> None:
    await a_channel(pool, kind="told")
    notice = await accepted(pool)
    await came_to(pool, await one_call(pool), Delivered(("1",)))
    await withdraw(pool, Change(notice.id, "mensa", "test", None))

    first = await one_call(pool)
    await came_to(pool, first, Doubted("reset"))
    second = await one_call(pool)

    assert (first.intent.action, first.intent.key) == (Action.EDIT, second.intent.key)


async def test_an_approval_amid_the_last_question_about_a_correction_without_its_text_is_not_lost(pool: Pool) -> None:
    await pool.execute(GUARD)
    await a_channel(pool, kind="told", language="zh-Hans", interim=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    await came_to(pool, await one_call(pool), Delivered(("1",)))
    await corrected(pool, number, {**CHINESE_FIRST, "it": {"title": "Nuovo"}})
    edit = await one_call(pool)
    await came_to(pool, edit, Submitted("push-2", 1, "WeChat works on it"))

    last = await one_call(pool)
    await approved(pool, number, 2)
    await came_to(pool, last, Delivered(("2",)))

    assert (edit.intent.payload, last.intent.action) == ("Nuovo r2 False", Action.EDIT)
    assert (await one_call(pool)).intent.payload == "Ba gong r2 False"

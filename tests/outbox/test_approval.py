# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Texts that wait until a person has approved them, while the other languages go out."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from app.amend import Change, amend, withdraw
from app.approve import Consent, approve, release
from app.audit import Actor
from app.database import Pool
from app.domain.errors import StateConflictError
from app.domain.outcome import Delivered, Doubted, Failed, Outcome
from app.outbox import decide, sweep
from app.routing import Routing
from tests.given import a_channel, a_notice, accepted
from tests.outbox.conftest import claimed, deliveries, recorded
from tests.outbox.pausing import changed

GUARD = "update service set approvals = '{zh-Hans}' where slug = 'mensa'"
BOTH: dict[str, Any] = {"it": {"title": "Sciopero"}, "zh-Hans": {"title": "Ba gong"}}
CHINESE_FIRST: dict[str, Any] = {"zh-Hans": BOTH["zh-Hans"], "it": BOTH["it"]}
MEDIATOR = "Mediatrice"
LATER = "update delivery set due_at = now() + interval '1 hour' where notice_id = $1"


async def two_channels(pool: Pool, **members: Any) -> None:
    await pool.execute(GUARD)
    await a_channel(pool, "it")
    await a_channel(pool, "zh", language="zh-Hans", **members)


async def approved(pool: Pool, number: UUID, revision: int = 1, language: str = "zh-Hans") -> bool:
    async with pool.acquire() as connection, connection.transaction():
        return await approve(connection, number, Consent(language, revision, MEDIATOR), "key", Actor("admin"))


async def corrected(pool: Pool, number: UUID, texts: dict[str, Any]) -> None:
    change = Change(number, "mensa", "test", None)
    await amend(pool, Routing(), change, a_notice(event_id="e1", texts=texts))


async def served(pool: Pool) -> list[str]:
    """Carry out all that may go; give the channels in their order."""
    slugs: list[str] = []
    while calls := (await claimed(pool)).calls:
        for call in calls:
            slugs.append(call.owed.slug)
            await recorded(pool, call, Delivered((str(len(slugs)),)))
    return sorted(slugs)


@pytest.mark.parametrize("priority", ["urgent", "normal"])
async def test_the_italian_goes_out_and_the_chinese_waits_for_its_approval(pool: Pool, priority: str) -> None:
    await two_channels(pool)
    number = (await accepted(pool, event_id="e1", texts=BOTH, priority=priority)).id

    before = await served(pool)
    waiting = [row["last_error"] for row in await deliveries(pool) if row["state"] == "due"]
    assert await approved(pool, number)
    after = await served(pool)

    assert (before, after) == (["it"], ["zh"])
    assert waiting == ["waits for the approval of its text in zh-Hans"]
    assert not await approved(pool, number)
    row = await pool.fetchrow("select name, approved_by, revision from approval")
    assert row is not None
    assert tuple(row) == (MEDIATOR, "key", 1)
    assert await pool.fetchval("select act from audit order by number desc limit 1") == "notice.approved"


async def test_a_waiting_text_holds_up_no_later_notice_of_its_channel(pool: Pool) -> None:
    await two_channels(pool)
    await accepted(pool, event_id="e1", texts=BOTH)
    await served(pool)

    await accepted(pool, texts={"it": {"title": "Solo italiano"}})

    assert await served(pool) == ["it", "zh"]


async def test_an_unchanged_text_keeps_its_approval_and_a_changed_one_needs_another(pool: Pool) -> None:
    await two_channels(pool)
    number = (await accepted(pool, event_id="e1", texts=BOTH)).id
    await approved(pool, number)
    await served(pool)

    await corrected(pool, number, {**BOTH, "it": {"title": "Sciopero venerdi"}})
    kept = await served(pool)
    await corrected(pool, number, {**BOTH, "zh-Hans": {"title": "Zhou wu ba gong"}})
    changed = await served(pool)
    await approved(pool, number, 3)

    assert (kept, changed, await served(pool)) == (["it", "zh"], ["it"], ["zh"])


async def shown(pool: Pool, slug: str = "zh") -> list[str]:
    """Carry out all that may go; give what was written to one channel, in order."""
    said: list[str] = []
    while calls := (await claimed(pool)).calls:
        for call in calls:
            said += [call.intent.payload] * (call.owed.slug == slug)
            await recorded(pool, call, Delivered(("1",)))
    return said


async def test_a_channel_that_says_so_shows_another_text_until_its_own_is_approved(pool: Pool) -> None:
    await two_channels(pool, interim=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id

    before = await shown(pool)
    awaits = [row["awaits"] for row in await deliveries(pool)]
    await approved(pool, number)

    assert before == ["Sciopero r1 False"]
    assert (sorted(map(str, awaits)), await shown(pool)) == (["None", "zh-Hans"], ["Ba gong r1 False"])
    assert [row["awaits"] for row in await deliveries(pool)] == [None, None]


@pytest.mark.parametrize("outcome", [Failed("refused"), Doubted("no answer")])
async def test_what_is_shown_until_its_text_is_approved_keeps_its_place_when_a_try_fails(
    pool: Pool, outcome: Outcome
) -> None:
    await pool.execute(GUARD)
    await a_channel(pool, "zh", language="zh-Hans", interim=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST, in_doubt="repeat")).id
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, outcome)
    await pool.execute(LATER, number)

    await accepted(pool, texts={"it": {"title": "Dopo"}})

    assert (await claimed(pool)).calls == ()
    await pool.execute("update delivery set due_at = now()")
    taken = await claimed(pool)
    again = taken if taken.calls else await claimed(pool)  # a doubt has to end first
    assert [call.intent.payload for call in again.calls] == ["Sciopero r1 False"]


async def next_shown(pool: Pool) -> list[str]:
    """Make all due, let the first claim end what has to end, and carry out the rest."""
    await pool.execute("update delivery set due_at = now()")
    assert (await claimed(pool)).ended
    return await shown(pool)


async def test_what_failed_and_then_waits_for_its_only_text_keeps_nobody_waiting(pool: Pool) -> None:
    await pool.execute(GUARD)
    await a_channel(pool, "zh", language="zh-Hans", interim=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    (call,) = (await claimed(pool)).calls
    await corrected(pool, number, {"zh-Hans": BOTH["zh-Hans"]})
    await recorded(pool, call, Failed("refused"))
    await accepted(pool, texts={"it": {"title": "Dopo"}})

    assert await next_shown(pool) == ["Dopo r1 False"]


async def test_an_approval_that_comes_while_another_text_is_on_its_way_is_not_lost(pool: Pool) -> None:
    await two_channels(pool, interim=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    (call,) = [call for call in (await claimed(pool)).calls if call.owed.slug == "zh"]

    await approved(pool, number)
    await recorded(pool, call, Delivered(("1",)))

    assert (call.intent.payload, await shown(pool)) == ("Sciopero r1 False", ["Ba gong r1 False"])


MOMENTS = {"while it is posted": 0, "while it is in doubt": 1, "while it is asked about": 2, "afterwards": 3}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_an_approval_is_not_lost_where_another_text_was_in_doubt(pool: Pool, moment: str) -> None:
    await two_channels(pool, interim=True, can_ask=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    await pool.execute("update channel set last_reference = '1'")

    async def may_be_approved(at: int) -> None:
        if MOMENTS[moment] == at:
            await approved(pool, number)

    (call,) = [call for call in (await claimed(pool)).calls if call.owed.slug == "zh"]
    await may_be_approved(0)
    await recorded(pool, call, Doubted("timeout"))
    await may_be_approved(1)
    await pool.execute("update delivery set due_at = now() where state = 'in_doubt'")
    (asked,) = (await claimed(pool)).calls
    await may_be_approved(2)
    await recorded(pool, asked, Delivered(("7",)))
    if MOMENTS[moment] == 3:
        assert (await claimed(pool)).ended
    await may_be_approved(3)

    assert await shown(pool) == ["Ba gong r1 False"]
    (row,) = [row for row in await deliveries(pool) if row["posts"] != "[]"]
    assert (row["state"], row["awaits"]) == ("delivered", None)


@pytest.mark.parametrize("moment", ["posted", "in doubt"])
async def test_an_approval_that_came_before_a_person_was_asked_reaches_what_that_person_saw(
    pool: Pool, moment: str
) -> None:
    await two_channels(pool, interim=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST, in_doubt="hold")).id
    (call,) = [call for call in (await claimed(pool)).calls if call.owed.slug == "zh"]
    if moment == "posted":
        await approved(pool, number)
    await recorded(pool, call, Doubted("timeout"))
    if moment == "in doubt":
        await approved(pool, number)
    await pool.execute("update delivery set due_at = now() where state = 'in_doubt'")
    await claimed(pool)
    (held,) = [row for row in await deliveries(pool) if row["state"] == "held"]

    await decide(pool, held["id"], "sent", ["7"])

    assert await shown(pool) == ["Ba gong r1 False"]


@pytest.mark.parametrize("first", ["decided", "approved"])
async def test_an_approval_reaches_what_a_person_saw_in_the_channel(pool: Pool, first: str) -> None:
    await two_channels(pool, interim=True)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST, in_doubt="hold")).id
    for call in (await claimed(pool)).calls:
        done = call.owed.slug == "it"
        await recorded(pool, call, Delivered(("1",)) if done else Doubted("timeout"))
    await pool.execute("update delivery set due_at = now() where state = 'in_doubt'")
    await claimed(pool)
    (held,) = [row for row in await deliveries(pool) if row["state"] == "held"]
    if first == "approved":
        await approved(pool, number)
    await decide(pool, held["id"], "sent", ["7"])
    if first == "decided":
        assert await shown(pool) == []
        seen = await pool.fetchrow(
            "select state, shown, awaits, settled_at is null from delivery where awaits is not null"
        )
        await approved(pool, number)
        assert seen is not None
        assert tuple(seen) == ("delivered", 1, "zh-Hans", False)

    assert await shown(pool) == ["Ba gong r1 False"]
    assert [(row["state"], row["awaits"]) for row in await deliveries(pool)] == [("delivered", None)] * 2


async def test_an_interim_channel_waits_where_nothing_else_is_left(pool: Pool) -> None:
    await two_channels(pool, interim=True)

    number = (await accepted(pool, texts={"zh-Hans": {"title": "Ba gong"}})).id

    assert await served(pool) == []
    await approved(pool, number)
    assert await served(pool) == ["it", "zh"]


async def test_an_approval_waits_for_the_claim_that_has_not_seen_it(patient: Pool) -> None:
    await two_channels(patient)
    number = (await accepted(patient, event_id="e1", texts=BOTH)).id
    await served(patient)
    await patient.execute("update delivery set due_at = now(), awaits = null where state = 'due'")

    async with patient.acquire() as connection, connection.transaction():
        await connection.execute("select from delivery where state = 'due' for no key update")
        approval = asyncio.create_task(approved(patient, number))
        await until_it_waits(patient)
        await connection.execute(
            "update delivery set due_at = now() + interval '1 hour', awaits = 'zh-Hans' where state = 'due'"
        )
    assert await approval

    assert await served(patient) == ["zh"]


async def until_it_waits(pool: Pool) -> None:
    async with asyncio.timeout(30):
        while not await pool.fetchval("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_is_withdrawn_while_a_correction_waits_is_struck_as_it_stands_there(pool: Pool) -> None:
    await two_channels(pool)
    number = (await accepted(pool, event_id="e1", texts=CHINESE_FIRST)).id
    await approved(pool, number)
    await shown(pool)
    await corrected(pool, number, {"zh-Hans": {"title": "Nobody has read this"}, "it": {"title": "Nuovo"}})

    waits = await shown(pool)
    await withdraw(pool, Change(number, "mensa", "test", None))

    assert (waits, await shown(pool)) == ([], ["Ba gong r2 True"])


async def test_a_service_that_asks_for_it_no_longer_lets_everything_go(pool: Pool) -> None:
    await two_channels(pool)
    await accepted(pool, texts=BOTH)
    before = await served(pool)

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("update service set approvals = '{}'")
        await release(connection, "mensa")

    assert (before, await served(pool)) == (["it"], ["zh"])


async def test_what_has_waited_longer_than_its_lane_allows_is_tried_as_long_as_any_other(pool: Pool) -> None:
    await two_channels(pool)
    number = (await accepted(pool, texts=BOTH)).id
    await served(pool)
    await pool.execute("update delivery set give_up_at = now() - interval '1 day'")

    await approved(pool, number)
    (call,) = (await claimed(pool)).calls
    await recorded(pool, call, Failed("away"))

    assert [row["state"] for row in await deliveries(pool)] == ["delivered", "due"]


async def test_a_channel_without_a_text_of_its_own_shows_another_where_it_falls_back(pool: Pool) -> None:
    await two_channels(pool)
    await accepted(pool, event_id="e1", texts={"it": {"title": "Sciopero"}})

    assert await served(pool) == ["it", "zh"]


@pytest.mark.parametrize("change", [{"language": "it"}, {"interim": True}], ids=str)
async def test_a_channel_that_needs_that_text_no_longer_shows_what_waited_before_what_came_later(
    pool: Pool, database_url: str, change: dict[str, Any]
) -> None:
    await two_channels(pool)
    first = (await accepted(pool, texts=BOTH)).id
    assert await served(pool) == ["it"]

    await changed(database_url, "zh", **change)
    await accepted(pool, texts={"it": {"title": "Dopo"}})

    (call,) = [call for call in (await claimed(pool)).calls if call.owed.slug == "zh"]
    assert call.owed.notice_id == first


async def test_a_waiting_text_is_withdrawn_and_expires_like_any_other(pool: Pool) -> None:
    await two_channels(pool)
    number = (await accepted(pool, event_id="e1", texts=BOTH)).id
    await accepted(pool, event_id="e2", texts=BOTH, expires_at="2099-01-01T00:00:00Z")
    await served(pool)

    await withdraw(pool, Change(number, "mensa", "test", None))
    await served(pool)
    await pool.execute("update delivery set expires_at = now() where expires_at is not null")
    await sweep(pool)

    rows = await pool.fetch(
        "select event_id, state from delivery d join notice n on n.id = d.notice_id join channel c on c.id = channel_id"
        " where c.slug = 'zh' order by event_id"
    )
    assert [tuple(row) for row in rows] == [("e1", "withdrawn"), ("e2", "expired")]


async def test_what_was_not_read_cannot_be_approved(pool: Pool) -> None:
    await two_channels(pool)
    number = (await accepted(pool, event_id="e1", texts=BOTH)).id

    for language, revision in (("zh-Hans", 2), ("it", 1), ("zh-Hant", 1)):
        with pytest.raises(StateConflictError):
            await approved(pool, number, revision, language)

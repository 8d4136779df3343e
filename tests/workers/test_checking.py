# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A check that breaks in the middle: what it posted goes, and no later doubt is misled by what it left."""

import asyncio
from datetime import timedelta

import pytest

from app import checks
from app.domain import pace
from app.outbox import ChannelKind, hold, let_go, still_holds
from deploy.sandbox.faults import Fault, FaultKind
from deploy.sandbox.limits import Limits
from tests.workers import paper
from tests.workers.conftest import CHAT, HURRIED, City, until
from workers.desk import Desk, Finding, Pause
from workers.inspection import QUESTIONS, UNFINISHED, answer_questions

KNOWN = "update channel set last_reference = '1'"
QUESTION = "insert into channel_check (id, kind, address, ask) values (gen_random_uuid(), 'telegram', $1, true)"
LAST = "select last_reference from channel"
FREE = "select turn_until is null from channel"
PROBLEM = "select answer ->> 'problem' from channel_check"
STANDS = "select test_post is not null from channel_check"
LIVES = "select taken_at > now() - interval '60 seconds' from channel_check"
DIED = """
update channel_check
   set answer = null, taken_at = now() - interval '90 seconds', asked_at = now() - interval '1 hour'
"""
SENT = """
select turn_until is null and (waiting = 0 or waiting = 1 and free_at > now())
  from channel, (select count(*) as waiting from delivery where state = 'due') as one
"""
PERSON = 4711
GROUP = -1001000000009


async def alive(city: City) -> bool:
    return bool(await city.pool.fetchval("select count(*) > 0 from worker"))


async def checked(city: City) -> str:
    """Check the channel of the city, and give what is said of it."""
    await city.channel(can_ask=True)
    await city.pool.execute(KNOWN)
    await city.pool.execute(QUESTION, str(CHAT))
    city.bell.ring()
    await until(lambda: answered(city), within=90)
    return str(await city.pool.fetchval(PROBLEM))


async def answered(city: City) -> bool:
    return bool(await city.pool.fetchval("select answer is not null from channel_check"))


@pytest.mark.parametrize("city", [HURRIED], indirect=True)
async def test_a_check_that_gets_no_answer_takes_its_test_post_away(city: City) -> None:
    city.sandbox.faults.add(FaultKind.ANSWER_HUNG, method="editMessageText")

    problem = await checked(city)

    assert problem.startswith("Asking does not tell the truth here")
    assert city.posts() == []
    assert await city.pool.fetchval(LAST) == "2"


@pytest.mark.parametrize("city", [HURRIED], indirect=True)
async def test_a_test_post_that_cannot_be_taken_away_is_told_and_written_over_by_no_doubt(city: City) -> None:
    city.sandbox.faults.add(FaultKind.ANSWER_HUNG, method="editMessageText")
    city.sandbox.faults.add(FaultKind.OK_FALSE_200, method="deleteMessage", description="message can't be deleted")
    problem = await checked(city)
    city.sandbox.faults.add(FaultKind.RESET_BEFORE_ACCEPTING, method="sendMessage")

    await city.accepts(in_doubt="repeat", texts={"it": {"title": "Mensa chiusa"}})
    await city.settled()

    assert "The test post 2 could not be deleted" in problem
    test, notice = city.texts()
    assert test.startswith("Prova di Campanella")
    assert notice.startswith("Mensa chiusa")


async def test_the_test_post_of_a_check_whose_worker_died_is_taken_away(city: City) -> None:
    """What a killed worker leaves is what one leaves that cannot delete, and never comes to its answer."""
    city.sandbox.faults.add(FaultKind.RESET_BEFORE_ACCEPTING, method="deleteMessage")
    await checked(city)
    left = city.texts()

    await city.pool.execute(DIED)
    await until(lambda: answered(city), within=90)

    assert [text.startswith("Prova di Campanella") for text in left] == [True]
    assert city.posts() == []
    assert await city.pool.fetchval(PROBLEM) == UNFINISHED.problem


async def test_the_test_post_of_a_check_that_lives_is_left_to_it_however_long_it_takes(city: City) -> None:
    over = asyncio.Event()

    async def inspect(address: str, pause: Pause | None) -> Finding:
        assert pause is not None
        await pause("-100 7")
        await over.wait()
        return await paper.inspect(address, pause)

    desk = Desk(ChannelKind("paper", pace.Limits(0, 0, 0), paper.shown), paper.send, inspect, paper.close, timeout=1)
    await city.pool.execute(QUESTION.replace("telegram", "paper"), "-100")
    checking = asyncio.create_task(answer_questions(city.pool, {"paper": desk}))
    await until(lambda: is_so(city, STANDS), within=90)

    await city.pool.execute("update channel_check set taken_at = now() - interval '69 seconds'")
    await until(lambda: is_so(city, LIVES), within=90)
    taken = await city.pool.fetch(QUESTIONS, ["paper"])
    over.set()
    await checking

    assert taken == []
    assert await answered(city)


async def is_so(city: City, question: str) -> bool:
    return bool(await city.pool.fetchval(question))


async def test_a_person_who_has_blocked_the_bot_is_not_said_to_be_well(city: City) -> None:
    """Telegram knows the chat still; only what is written there is refused."""
    city.sandbox.add_chat(PERSON, "private", "Famiglia")
    city.sandbox.stand(PERSON, "blocked")
    await until(lambda: alive(city))

    blocked = await checks.ask(city.pool, city.bell, "telegram", str(PERSON))
    city.sandbox.stand(PERSON, "open")
    free = await checks.ask(city.pool, city.bell, "telegram", str(PERSON))

    assert (blocked.verdict, free.verdict) == ("refused", "ok")
    assert "bot was blocked by the user" in (blocked.problem or "")
    assert city.posts(PERSON) == []


async def test_a_group_whose_members_may_not_write_is_not_said_to_be_well(city: City) -> None:
    city.sandbox.add_chat(GROUP, "supergroup", "Genitori", rights={"can_send_messages": False})

    verdicts = []
    for standing in ("member", "administrator"):
        city.sandbox.stand(GROUP, standing)
        await city.pool.execute("delete from channel_check")
        await city.pool.execute(QUESTION.replace("true", "false"), str(GROUP))
        await until(lambda: answered(city), within=90)
        verdicts.append(await city.pool.fetchval("select answer ->> 'verdict' from channel_check"))

    assert verdicts == ["refused", "ok"]


@pytest.mark.parametrize(("fault", "last"), [(FaultKind.ANSWER_RESET, None), (FaultKind.TOO_LARGE, "1")])
async def test_behind_a_test_post_of_which_nobody_knows_nothing_is_asked(
    city: City, fault: FaultKind, last: str | None
) -> None:
    city.sandbox.faults.add(fault, method="sendMessage")

    await checked(city)

    assert (await city.pool.fetchval(LAST), await city.pool.fetchval(FREE)) == (last, True)


async def test_whoever_dies_during_a_check_leaves_nothing_to_ask_behind(city: City) -> None:
    await city.channel(can_ask=True)
    await city.pool.execute(KNOWN)

    held = await hold(city.pool, "telegram", str(CHAT))
    meanwhile = await city.pool.fetchval(LAST)
    assert held is not None
    await let_go(city.pool, held, timedelta(0), held.reference)

    assert (meanwhile, await city.pool.fetchval(LAST)) == (None, "1")


async def test_a_turn_that_lapsed_during_a_check_is_not_given_back_twice(city: City) -> None:
    await city.channel(can_ask=True)
    held = await hold(city.pool, "telegram", str(CHAT))
    await city.pool.execute("update channel set turn_until = now() + interval '5 minutes', last_reference = '9'")
    assert held is not None

    await let_go(city.pool, held, timedelta(0), "2")

    assert (await city.pool.fetchval(LAST), await city.pool.fetchval(FREE)) == ("9", False)


@pytest.mark.parametrize("city", [{"telegram_timeout": 60, "lease": 90}], indirect=True)
async def test_a_check_whose_turn_lapsed_writes_over_no_notice_that_went_out_meanwhile(city: City) -> None:
    """The question about the test post is answered late; until then somebody else has had the turn."""
    await city.channel(can_ask=True)
    late = city.sandbox.faults.add(FaultKind.LATE_ANSWER, method="editMessageText", seconds=6)
    await city.pool.execute(QUESTION, str(CHAT))
    city.bell.ring()
    await until(lambda: is_met(late), within=90)

    await city.pool.execute("update channel set turn_until = now() - interval '1 second' where turn_until is not null")
    await city.accepts(texts={"it": {"title": "Mensa chiusa"}})
    await city.settled(within=90)
    await until(lambda: answered(city), within=90)

    (notice,) = city.texts()
    assert notice.startswith("Mensa chiusa")


async def is_met(fault: Fault) -> bool:
    return fault.used > 0


@pytest.mark.parametrize("city", [{"telegram_per_second": 30}], indirect=True)
async def test_a_check_does_not_wait_for_an_account_that_was_asked_to_wait_for_long(city: City) -> None:
    pause = "insert into pace (kind, slowdown, free_at) values ('telegram', 1, now() + interval '1 hour')"
    await city.pool.execute(f"{pause} on conflict (kind) do update set free_at = excluded.free_at")

    problem = await checked(city)

    assert problem == "there was no time for it now; try again"
    assert city.posts() == []
    assert (await city.pool.fetchval(LAST), await city.pool.fetchval(FREE)) == ("1", True)


async def test_a_check_takes_no_turn_that_begins_late_and_has_the_whole_of_one_that_begins_soon(city: City) -> None:
    await city.channel(can_ask=True)
    await city.pool.execute("update channel set free_at = now() + interval '1 hour'")
    late = await hold(city.pool, "telegram", str(CHAT))
    begins = await city.pool.fetchval("update channel set free_at = now() + interval '2 seconds' returning free_at")
    soon = await hold(city.pool, "telegram", str(CHAT))

    assert late is None
    assert soon is not None
    assert soon.until >= begins + timedelta(seconds=60)
    assert await still_holds(city.pool, soon, timedelta(0))
    assert not await still_holds(city.pool, soon, timedelta(hours=1))
    await city.pool.execute("update channel set turn_until = turn_until + interval '1 minute'")
    assert not await still_holds(city.pool, soon, timedelta(0))


@pytest.mark.parametrize("city", [{"telegram_group_per_minute": 20}], indirect=True)
async def test_what_a_check_sends_counts_in_the_minute_of_its_channel(city: City) -> None:
    """Fourteen notices and the four calls of the check leave two of twenty, which is what urgent ones get."""
    city.sandbox.limits = Limits(per_second=0, chat_per_second=0, group_per_minute=20)
    await city.channel(can_ask=True)
    for _ in range(14):
        await city.accepts(priority="urgent")
    await city.settled()
    await city.pool.execute(QUESTION, str(CHAT))
    city.bell.ring()
    await until(lambda: answered(city), within=90)

    for _ in range(3):
        await city.accepts(priority="urgent")
    await until(lambda: city.pool.fetchval(SENT), within=90)

    assert [entry.method for entry in city.sandbox.journal if entry.code == 429] == []


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText", "deleteMessage"])
async def test_what_telegram_asks_a_check_to_wait_the_next_notice_waits(city: City, method: str) -> None:
    city.sandbox.faults.add(FaultKind.THROTTLED, method=method, retry_after=600)

    await checked(city)
    await until(lambda: city.pool.fetchval(FREE))

    assert await city.pool.fetchval("select free_at > now() + interval '5 minutes' from channel")


async def test_a_check_waits_for_another_minute_where_urgent_notices_would_find_no_room_beside_it(city: City) -> None:
    await city.channel(can_ask=True)
    taken = []
    for many in (15, 14):
        await city.pool.execute("update channel set sent = array_fill(now(), array[$1::int])", many)
        taken.append(await hold(city.pool, "telegram", str(CHAT), pace.Limits(group_per_minute=20)))

    assert [held is None for held in taken] == [True, False]


@pytest.mark.parametrize(("ago", "taken"), [(40, 0), (90, 1)])
async def test_a_question_is_taken_again_only_when_whoever_took_it_must_be_done(
    city: City, ago: int, taken: int
) -> None:
    await city.pool.execute(
        "insert into channel_check (id, kind, address, asked_at, taken_at) select gen_random_uuid(), 'elsewhere', '1',"
        " now() - make_interval(secs => $1), now() - make_interval(secs => $1)",
        ago,
    )

    assert len(await city.pool.fetch(QUESTIONS, ["elsewhere"])) == taken

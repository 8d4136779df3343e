# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is posted while a doubt is open makes its question void: then another post may stand where its own should."""

from deploy.sandbox.faults import FaultKind
from tests.workers.conftest import CHAT, City, until

ASK = "insert into channel_check (id, kind, address, ask) values (gen_random_uuid(), 'telegram', $1, true)"
ANSWERED = "select bool_and(answer is not null) from channel_check"
PROBLEMS = "select answer ->> 'problem' from channel_check"
LATER = "update delivery set due_at = now() + interval '1 hour' where state = 'in_doubt'"
NOW = "update delivery set due_at = now() where state = 'in_doubt'"


async def doubted(city: City, fault: FaultKind, title: str) -> None:
    """Have a post broken off in a channel that can be asked; it is asked about an hour later."""
    await city.channel(can_ask=True)
    await city.pool.execute("update channel set last_reference = '1'")
    city.sandbox.faults.add(fault, method="sendMessage")
    await city.accepts(in_doubt="hold", texts={"it": {"title": title}})

    async def is_in_doubt() -> bool:
        return await city.states() == ["in_doubt"]

    await until(is_in_doubt)
    await city.pool.execute(LATER)


async def checked(city: City) -> None:
    await city.pool.execute(ASK, str(CHAT))
    city.bell.ring()

    async def is_answered() -> bool:
        return bool(await city.pool.fetchval(ANSWERED))

    await until(is_answered, within=90)


async def asked_now(city: City) -> None:
    await city.pool.execute(NOW)
    city.bell.ring()


async def test_a_check_waits_for_a_doubt_and_no_later_doubt_is_asked_about_before_it(city: City) -> None:
    await doubted(city, FaultKind.ANSWER_RESET, "Primo")
    await checked(city)
    await checked(city)
    problems = {row[0] for row in await city.pool.fetch(PROBLEMS)}
    await asked_now(city)
    await city.settled()
    city.sandbox.faults.add(FaultKind.ANSWER_RESET, method="sendMessage")

    await city.accepts(in_doubt="hold", texts={"it": {"title": "Secondo"}})
    await city.settled("delivered", "held")

    assert [text.partition("\n")[0] for text in city.texts()] == ["Primo", "Secondo"]
    assert await city.states() == ["delivered", "delivered"]
    assert len(problems) == 1
    assert "in doubt" in str(problems.pop())


async def test_a_doubt_is_not_asked_about_behind_what_was_posted_since(city: City) -> None:
    """While nobody could ask, something urgent passed it: it stands where the doubt would be looked for."""
    await doubted(city, FaultKind.RESET_BEFORE_ACCEPTING, "Mensa chiusa")
    await city.pool.execute("update channel set can_ask = false")
    await city.accepts(priority="urgent", texts={"it": {"title": "Allerta meteo"}})
    await city.settled("in_doubt", "delivered")
    await city.pool.execute("update channel set can_ask = true")

    await asked_now(city)
    await city.settled("delivered", "held")

    assert [text.partition("\n")[0] for text in city.texts()] == ["❗ Allerta meteo"]
    assert await city.states() == ["held", "delivered"]

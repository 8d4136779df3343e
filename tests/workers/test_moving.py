# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A group that becomes a supergroup has a new address, at which the numbers of its old posts mean other posts."""

from app.amend import Change, amend, withdraw
from app.domain.step import NOWHERE
from app.intake import Accepted
from app.routing import Routing
from tests.given import a_notice
from tests.workers.conftest import City

GROUP = -77
HELD = "select event_id, state, last_error from delivery join notice on notice.id = notice_id where state = 'held'"


async def a_group_with(city: City, *events: str) -> list[Accepted]:
    """Give a basic group in which a family wrote first, and where these notices stand from number 2 on."""
    city.sandbox.add_chat(GROUP, "group", "Classe 3B")
    await city.channel("classe", GROUP)
    city.sandbox.post_as_human(GROUP, "Buongiorno")
    return await posted(city, *events)


async def posted(city: City, *events: str) -> list[Accepted]:
    found = []
    for event in events:
        found.append(await city.accepts(event_id=event, texts={"it": {"title": event}}))
        await city.settled()
    return found


async def test_what_stood_in_a_group_that_has_moved_is_never_changed_at_the_new_address(city: City) -> None:
    corrected, withdrawn, deleted = await a_group_with(city, "corretto", "ritirato", "cancellato")
    heir = city.sandbox.migrate(GROUP)
    await posted(city, "quarto", "quinto", "sesto")
    before = [(post.id, post.text.text) for post in city.posts(heir)]

    new = a_notice(event_id="corretto", texts={"it": {"title": "un altro testo"}})
    await amend(city.pool, Routing(), Change(corrected.id, "mensa", "test", 1), new)
    await withdraw(city.pool, Change(withdrawn.id, "mensa", "test", None))
    await withdraw(city.pool, Change(deleted.id, "mensa", "test", None), delete=True)
    await city.accepts(event_id="settimo", supersedes="corretto")
    await city.settled("delivered", "held")

    *same, newest = city.posts(heir)
    assert [number for number, _ in before] == [2, 3, 4]
    assert [(post.id, post.text.text) for post in same] == before
    assert newest.reply_to is None
    assert {row["event_id"]: row["last_error"] for row in await city.pool.fetch(HELD)} == dict.fromkeys(
        ("corretto", "ritirato", "cancellato"), NOWHERE
    )


async def test_a_group_whose_move_shows_first_in_a_correction_is_followed_and_not_paused(city: City) -> None:
    (notice,) = await a_group_with(city, "corretto")
    heir = city.sandbox.migrate(GROUP)

    new = a_notice(event_id="corretto", texts={"it": {"title": "un altro testo"}})
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), new)
    await city.accepts(event_id="nuovo", texts={"it": {"title": "nuovo"}})
    await city.settled("delivered", "held")

    channel = await city.pool.fetchrow("select address, paused_at from channel")
    assert channel is not None
    assert tuple(channel) == (str(heir), None)
    assert await city.states() == ["held", "delivered"]
    assert [post.text.text.splitlines()[0] for post in city.posts(heir)] == ["nuovo"]

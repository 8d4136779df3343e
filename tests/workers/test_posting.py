# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""From acceptance to what a family sees."""

import pytest

from app import checks
from app.amend import Change, amend, withdraw
from app.routing import Routing
from deploy.sandbox.faults import FaultKind
from deploy.sandbox.limits import Limits
from tests.given import a_notice, accepted
from tests.workers.conftest import CHAT, City, until

LONG = "\n\n".join(f"Paragrafo {number}. " + "Una frase che dice qualcosa. " * 20 for number in range(15))
PAUSE = "update channel set paused_at = now(), paused_reason = $2 where slug = $1"
STATES = "select slug, state from delivery d join channel c on c.id = d.channel_id order by slug"
TICK = "select seen_at from worker"
TRIES = 20
STRICT = {"telegram_per_second": 30, "telegram_chat_per_second": 1, "telegram_group_per_minute": 20}


async def test_a_notice_reaches_the_channel_with_its_title_in_bold(city: City) -> None:
    await city.channel()

    await city.accepts(texts={"it": {"title": "Mensa: pasto freddo", "body": "**Venerdì** niente pasta."}})
    await city.settled()

    (post,) = city.posts()
    assert post.text.text.startswith("Mensa: pasto freddo\n\nVenerdì niente pasta.")
    assert post.text.entities[0] == {"type": "bold", "offset": 0, "length": 19}
    assert "Comune di Esempio" in post.text.text


async def test_a_ring_is_heard_long_before_the_tick(city: City) -> None:
    await city.channel()
    await city.accepts()
    await city.settled()

    for _ in range(TRIES):
        if await _arrives_before_the_next_tick(city):
            return
    pytest.fail("nothing arrived before the next tick")


async def test_without_any_ring_the_tick_delivers(city: City) -> None:
    await city.channel()

    await accepted(city.pool)

    await city.settled()


async def test_a_long_text_comes_in_parts_in_order(city: City) -> None:
    await city.channel()

    await city.accepts(texts={"it": {"title": "Ordinanza", "body": LONG}})
    await city.settled()

    texts = city.texts()
    assert len(texts) == 3
    assert ["1/3" in texts[0], "2/3" in texts[1], "3/3" in texts[2]] == [True] * 3
    assert all(len(text) <= 4096 for text in texts)


async def test_only_urgent_notices_ring_on_the_phones(city: City) -> None:
    await city.channel()

    for priority in ("urgent", "normal", "bulk"):
        await city.accepts(priority=priority)
        await city.settled()

    assert [post.silent for post in city.posts()] == [False, True, True]


async def test_a_correction_edits_what_is_posted_and_says_so(city: City) -> None:
    await city.channel()
    notice = await city.accepts(event_id="e1", texts={"it": {"title": "Civico 12"}})
    await city.settled()

    new = a_notice(event_id="e1", texts={"it": {"title": "Civico 112"}})
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), new)
    city.bell.ring()
    await city.settled()

    (post,) = city.posts()
    assert post.edited
    assert post.text.text.startswith("Corretto il ")
    assert "Civico 112" in post.text.text


async def test_a_withdrawal_strikes_what_is_posted(city: City) -> None:
    await city.channel()
    notice = await city.accepts()
    await city.settled()

    await withdraw(city.pool, Change(notice.id, "mensa", "test", None))
    city.bell.ring()
    await city.settled("withdrawn")

    (post,) = city.posts()
    assert post.text.text.startswith("AVVISO RITIRATO")
    assert "strikethrough" in {entity["type"] for entity in post.text.entities}


async def test_a_shorter_correction_leaves_no_part_of_the_old_text(city: City) -> None:
    await city.channel()
    notice = await city.accepts(event_id="e1", texts={"it": {"title": "Lungo", "body": LONG}})
    await city.settled()

    new = a_notice(event_id="e1", texts={"it": {"title": "Breve"}})
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), new)
    city.bell.ring()
    await city.settled()

    texts = city.texts()
    assert "Breve" in texts[0]
    assert all("Paragrafo" not in text for text in texts)


async def test_a_notice_that_replaces_another_hangs_onto_it(city: City) -> None:
    await city.channel()
    await city.accepts(event_id="vecchio")
    await city.settled()

    await city.accepts(supersedes="vecchio")
    await city.settled()

    first, second = city.posts()
    assert second.reply_to == first.id


async def test_a_channel_in_chinese_gets_chinese_and_one_in_italian_italian(city: City) -> None:
    await city.channel("it", CHAT)
    await city.channel("zh", CHAT - 1, language="zh-Hans")

    await city.accepts(texts={"it": {"title": "Sciopero"}, "zh-Hans": {"title": "罢工"}})
    await city.settled()

    assert city.texts(CHAT)[0].startswith("Sciopero")
    assert city.texts(CHAT - 1)[0].startswith("罢工")


async def test_a_notice_for_a_service_nobody_follows_is_accepted_and_reaches_nobody(city: City) -> None:
    await city.channel(services=["nidi"])

    notice = await city.accepts(service="mensa")

    assert notice.owed == 0
    assert await city.states() == []


async def test_a_bot_that_was_removed_pauses_its_channel_and_no_other(city: City) -> None:
    await city.channel("fuori", CHAT)
    await city.channel("dentro", CHAT - 1)
    city.sandbox.kick(CHAT)

    await city.accepts()

    await until(lambda: _paused(city, "fuori"))
    await until(lambda: _delivered(city, 1))
    assert [tuple(row) for row in await city.pool.fetch(STATES)] == [("dentro", "delivered"), ("fuori", "due")]


async def test_a_mended_channel_goes_on_by_itself_and_one_paused_by_hand_does_not(city: City) -> None:
    await city.channel("mended", CHAT)
    await city.channel("by-hand", CHAT - 1)
    city.sandbox.kick(CHAT)
    await city.pool.execute(PAUSE, "by-hand", "paused by hand")
    await city.accepts()
    await until(lambda: _paused(city, "mended"))

    city.sandbox.stand(CHAT, "administrator")
    await city.pool.execute("update channel set paused_at = now() - interval '1 hour', checked_at = null")

    await until(lambda: _delivered(city, 1))
    assert await _paused(city, "by-hand")
    assert (len(city.posts(CHAT)), len(city.posts(CHAT - 1))) == (1, 0)


async def test_a_group_that_became_a_supergroup_is_followed(city: City) -> None:
    city.sandbox.add_chat(-77, "group", "Classe 3B")
    await city.channel("classe", -77, can_ask=True)
    await city.pool.execute("update channel set last_reference = '41'")
    heir = city.sandbox.migrate(-77)

    await city.accepts()
    await city.settled()

    row = await city.pool.fetchrow("select address, can_ask, last_reference from channel")
    assert row is not None
    assert (row["address"], row["can_ask"]) == (str(heir), False)
    assert row["last_reference"] == str(city.posts(heir)[0].id)
    assert len(city.posts(heir)) == 1


async def test_being_told_to_wait_costs_nothing_but_the_wait(city: City) -> None:
    await city.channel()
    city.sandbox.faults.add(FaultKind.THROTTLED, method="sendMessage", retry_after=1)

    await city.accepts()
    await city.settled()

    row = await city.pool.fetchrow("select attempts, failures from delivery")
    assert row is not None
    assert (row["attempts"], row["failures"]) == (2, 0)
    assert len(city.posts()) == 1


async def test_a_wrong_token_burns_no_delivery(city: City) -> None:
    await city.channel()
    city.sandbox.faults.add(FaultKind.UNAUTHORIZED, times=None)

    await city.accepts()

    await until(lambda: _blocked(city))
    assert await city.states() == ["due"]


@pytest.mark.parametrize("city", [STRICT], indirect=True)
async def test_the_limits_of_telegram_are_kept_and_nothing_is_refused(city: City) -> None:
    city.sandbox.limits = Limits(per_second=30, chat_per_second=1, group_per_minute=20)
    await city.channel("a", CHAT)
    await city.channel("b", CHAT - 1)

    for _ in range(4):
        await city.accepts()
    await city.settled()

    assert [entry for entry in city.sandbox.journal if entry.code == 429] == []
    assert [len(city.posts(CHAT)), len(city.posts(CHAT - 1))] == [4, 4]


async def test_a_channel_is_checked_in_words_for_a_clerk(city: City) -> None:
    await until(lambda: _alive(city))
    city.sandbox.add_chat(CHAT, "channel", "Scuola", rights={"can_post_messages": False})

    unknown = await checks.ask(city.pool, city.bell, "telegram", "-1009999999999")
    mute = await checks.ask(city.pool, city.bell, "telegram", str(CHAT))
    city.sandbox.set_rights(CHAT, {"can_post_messages": True})
    good = await checks.ask(city.pool, city.bell, "telegram", str(CHAT))

    assert (unknown.verdict, mute.verdict, good.verdict) == ("refused", "refused", "ok")
    assert "Telegram does not know this address" in (unknown.problem or "")
    assert "may not post" in (mute.problem or "")
    assert (good.title, good.address) == ("Scuola", str(CHAT))


async def test_a_channel_proves_that_it_can_be_asked_and_leaves_nothing_behind(city: City) -> None:
    await until(lambda: _alive(city))
    await city.channel()

    answer = await checks.ask(city.pool, city.bell, "telegram", str(CHAT), prove=True)

    assert (answer.can_ask, answer.problem) == (True, None)
    assert city.posts() == []
    assert await city.pool.fetchval("select last_reference from channel") == "2"


async def test_a_basic_group_cannot_prove_that_it_can_be_asked_and_gets_no_test_post(city: City) -> None:
    """Its numbers are also those of every private chat: an empty place behind the last post says nothing there."""
    await until(lambda: _alive(city))
    city.sandbox.add_chat(-77, "group", "Classe 3B")
    await city.channel("classe", -77)

    answer = await checks.ask(city.pool, city.bell, "telegram", "-77", prove=True)

    assert (answer.verdict, answer.can_ask, city.sandbox.messages(-77)) == ("ok", False, [])
    assert "basic group" in (answer.problem or "")


async def test_a_bot_that_may_edit_others_must_not_ask_by_editing(city: City) -> None:
    await until(lambda: _alive(city))
    await city.channel()
    city.sandbox.set_rights(CHAT, {"can_edit_messages": True})

    answer = await checks.ask(city.pool, city.bell, "telegram", str(CHAT), prove=True)

    assert (answer.can_ask, city.posts()) == (False, [])


async def _paused(city: City, slug: str) -> bool:
    paused: bool = await city.pool.fetchval("select paused_at is not null from channel where slug = $1", slug)
    return paused


async def _delivered(city: City, number: int) -> bool:
    return (await city.states()).count("delivered") == number


async def _blocked(city: City) -> bool:
    reason: str | None = await city.pool.fetchval("select blocked_reason from pace where kind = 'telegram'")
    return reason is not None and "Unauthorized" in reason


async def _arrives_before_the_next_tick(city: City) -> bool:
    """Accept a notice when what the last tick set off is over, and tell whether it arrived without another."""

    async def is_over() -> bool:
        return bool(await city.pool.fetchval("select now() - seen_at > interval '0.2 seconds' from worker"))

    await until(is_over)
    before = await city.pool.fetchval(TICK)
    await city.accepts()
    await city.settled()
    return bool(await city.pool.fetchval(TICK) == before)


async def _alive(city: City) -> bool:
    alive: bool = await city.pool.fetchval(checks.ALIVE)
    return alive

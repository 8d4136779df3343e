# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Operators are told what waits for them, over a real Apprise to a real receiver: once, and never a notice."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from app.database import SERVER_SETTINGS, Pool
from app.domain.channel import BY_HAND
from app.settings import Settings, SettingsError
from tests.api.calling import some_settings
from tests.given import a_channel, accepted
from workers.alarms import Alarms, alarm_post

CANARY = "Testo che in nessuna chat deve finire"
DOUBTED = """
with doubted as (
  update delivery set state = $2, intent = '{"action": "post", "revision": 1}' where notice_id = $1 returning id
)
insert into attempt (delivery_id, token, action, part, revision, outcome, started_at)
select id, 1, 'post', 0, 1, 'doubted', now() - $3::text::interval from doubted
"""
SOON = "update alarm set told_at = told_at - interval '2 hours', claimed_until = null"


@dataclass
class Chat:
    """What arrived in the operators' chat."""

    pool: Pool
    settings: Settings
    told: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    async def answer(self, request: web.Request) -> web.Response:
        self.told.append(await request.json())
        return web.Response(status=self.status)

    async def look(self, workers: int = 1) -> None:
        """Let some workers look, at a moment when it is somebody's turn."""
        await self.pool.execute("delete from alarm where key = 'look'")
        alarms = [Alarms(self.pool, self.settings, alarm_post(self.settings)) for _ in range(workers)]
        await asyncio.gather(*(one.look() for one in alarms))

    @property
    def sentences(self) -> list[str]:
        return [one["message"].split("\n")[0] for one in self.told]


@pytest.fixture
async def chat(database_url: str, redis_url: str) -> AsyncIterator[Chat]:
    app = web.Application()
    async with asyncpg.create_pool(database_url, min_size=0, server_settings=SERVER_SETTINGS) as pool:
        made = Chat(pool, some_settings(database_url, redis_url))
        app.router.add_post("/{path:.*}", made.answer)
        async with TestServer(app) as server:
            urls = SecretStr(f"json://127.0.0.1:{server.port}/")
            made.settings = some_settings(database_url, redis_url, alarm_urls=urls, municipality="Comune di Prova")
            yield made


async def dead(pool: Pool, many: int = 1) -> None:
    for _ in range(many):
        await accepted(pool, texts={"it": {"title": CANARY, "body": CANARY}})
    await pool.execute("update delivery set state = 'dead', last_error = 'refused', settled_at = now()")


async def test_dead_letters_are_told_once_however_many_workers_look(chat: Chat) -> None:
    await a_channel(chat.pool)
    await dead(chat.pool, 3)

    await chat.look(workers=5)
    await chat.look(workers=5)

    assert chat.sentences == ["3 deliveries were given up and wait for a person. See /v1/dead-letters."]
    assert chat.told[0]["title"] == "Campanella, Comune di Prova"
    assert CANARY not in str(chat.told)


async def test_what_becomes_worse_is_told_again_after_an_hour_and_not_before(chat: Chat) -> None:
    await a_channel(chat.pool)
    await dead(chat.pool)
    await chat.look()
    await dead(chat.pool)
    await chat.look()
    early = len(chat.told)
    await chat.pool.execute(SOON)
    await chat.look()
    await chat.pool.execute(SOON)
    await chat.look()

    assert early == 1
    assert [sentence.split()[0] for sentence in chat.sentences] == ["1", "2"]


async def test_what_ended_and_came_back_is_told_anew_but_not_every_minute(chat: Chat) -> None:
    pause = "update channel set paused_at = now(), paused_reason = 'the bot was removed'"
    await a_channel(chat.pool, "scuola")
    for _ in range(3):
        await chat.pool.execute(pause)
        await chat.look()
        await chat.pool.execute("update channel set paused_at = null, paused_reason = null")
        await chat.look()
    few = len(chat.told)
    await chat.pool.execute(SOON)
    await chat.pool.execute(pause)
    await chat.look()

    assert few == 1
    assert chat.sentences == ["The channel scuola is paused: the bot was removed"] * 2


async def test_what_a_bulletin_leaves_open_is_told_until_an_issue_can_be_read(chat: Chat) -> None:
    await chat.pool.execute(
        """insert into bulletin_doubt (source, zone, day, detail, issued_at)
           values ('dpc', 'Bisenzio', current_date + 1, 'A level is missing.', now()),
                  ('dpc', '', current_date + 1, null, now()),
                  ('dpc', 'Bisenzio', current_date - 2, 'A level is missing.', now())"""
    )
    await chat.look()
    await chat.pool.execute("update bulletin_doubt set detail = null")
    await chat.look()

    (sentence,) = chat.sentences
    assert sentence.startswith("The bulletin of dpc for ")
    assert sentence.endswith(", zone Bisenzio, could not be read and was not told: A level is missing.")


async def test_a_channel_that_a_person_paused_is_no_alarm(chat: Chat) -> None:
    await a_channel(chat.pool)
    await chat.pool.execute("update channel set paused_at = now(), paused_reason = $1", BY_HAND)

    await chat.look()

    assert chat.told == []


async def test_a_refused_account_an_endpoint_and_what_is_late_or_put_off_are_told(chat: Chat) -> None:
    await a_channel(chat.pool, "scuola")
    await accepted(chat.pool)
    await chat.pool.execute("update pace set blocked_reason = 'Unauthorized' where kind = 'telegram'")
    await chat.pool.execute("update delivery set ready_at = now() - interval '30 minutes'")
    await chat.pool.execute("""
        insert into endpoint (id, source, url, disabled_at, disabled_reason)
        values (gen_random_uuid(), 'mensa', 'https://mensa.example/', now(), 'for 5 days every call has failed')""")
    await a_channel(chat.pool, "wechat", services=["trasporto"])
    await accepted(chat.pool, service="trasporto")
    await chat.pool.execute("""
        insert into attempt (delivery_id, token, action, part, revision, outcome)
        select max(id), 0, 'post', 0, 1, 'postponed' from delivery""")
    put_off = "update delivery set due_at = now() + interval '1 day', last_error = 'no push is left' where id = $1"
    await chat.pool.execute(put_off, await chat.pool.fetchval("select max(id) from delivery"))

    await chat.look()

    late, *others = sorted(chat.sentences)
    assert late.startswith("1 normal deliveries are later than their goal, the oldest by 2")
    assert others == [
        "Nothing can be posted to telegram: Unauthorized",
        "The callback https://mensa.example/ of mensa is disabled: for 5 days every call has failed",
        "What is owed to the channel wechat is put off: no push is left",
    ]


async def test_a_text_that_waits_for_its_approval_beyond_its_goal_is_told_with_where_it_is(chat: Chat) -> None:
    await a_channel(chat.pool, "zh")
    await a_channel(chat.pool, "anche")
    early = {"urgent": "9 minutes", "normal": "230 minutes", "bulk": "23 hours"}
    late = {"urgent": "11 minutes", "normal": "250 minutes", "bulk": "25 hours"}
    ids: dict[str, str] = {}
    for priority in early:
        ids[priority] = str((await accepted(chat.pool, priority=priority, texts={"it": {"title": CANARY}})).id)
    await chat.pool.execute("update delivery set awaits = 'it', due_at = now() + interval '10 minutes'")
    for priority, age in early.items():
        await aged(chat.pool, ids[priority], age)
    await chat.look()
    quiet = len(chat.told)
    for priority, age in late.items():
        await aged(chat.pool, ids[priority], age)
    await chat.look()

    told = {sentence.split()[3]: sentence for sentence in chat.sentences}
    assert quiet == 0
    assert told.keys() == early.keys()
    assert told["urgent"].startswith("1 texts of urgent notices wait for an approval, the oldest for 1")
    assert all(sentence.endswith(f"See /v1/notices/{ids[priority]}") for priority, sentence in told.items())
    assert CANARY not in str(chat.told)


async def aged(pool: Pool, notice: str, age: str) -> None:
    """Let a notice, and what it owes, be so old."""
    await pool.execute("update notice set changed_at = now() - $2::text::interval where id = $1::uuid", notice, age)
    await pool.execute(
        "update delivery set ready_at = now() - $2::text::interval where notice_id = $1::uuid", notice, age
    )


async def test_a_broadcast_that_waits_for_a_second_person_is_told(chat: Chat) -> None:
    await a_channel(chat.pool)
    await accepted(chat.pool, priority="urgent")
    await chat.pool.execute("update delivery set awaits = 'second-person'")

    await chat.look()

    assert chat.sentences == ["1 urgent notices wait for a second person. See /v1/notices?awaits=second-person."]


async def test_a_channel_that_was_told_enough_today_is_told_of(chat: Chat) -> None:
    await a_channel(chat.pool)
    await accepted(chat.pool)
    await chat.pool.execute("update delivery set awaits = 'tomorrow', due_at = now() + interval '1 hour'")

    await chat.look()

    assert chat.sentences == ["1 notices wait for tomorrow: the channel scuola has been told enough today."]


async def test_a_flood_is_told_in_parts(chat: Chat) -> None:
    for number in range(15):
        await a_channel(chat.pool, f"canale-{number}")
    await chat.pool.execute("update channel set paused_at = now(), paused_reason = 'gone'")

    await chat.look()
    first = len(chat.told)
    await chat.pool.execute("update alarm set told_at = told_at - interval '11 minutes'")
    await chat.look()

    assert (first, len(chat.told), len(set(chat.sentences))) == (10, 15, 15)


async def test_persons_are_told_of_together_and_channels_after_what_concerns_all(chat: Chat) -> None:
    for number in range(12):
        await a_channel(chat.pool, f"canale-{number}")
        await a_channel(chat.pool, f"famiglia-{number}", address=f"{4711 + number}")
    await chat.pool.execute("update channel set paused_at = now(), paused_reason = 'bot was blocked by the user'")
    await chat.pool.execute("insert into pace (kind, slowdown) values ('telegram', 1) on conflict do nothing")
    await chat.pool.execute("update pace set blocked_reason = 'Unauthorized' where kind = 'telegram'")

    await chat.look()

    assert set(chat.sentences[:2]) == {
        "Nothing can be posted to telegram: Unauthorized",
        "12 chats of persons on telegram cannot be written to, as when somebody blocks the bot.",
    }
    assert all(sentence.startswith("The channel canale-") for sentence in chat.sentences[2:])


async def test_an_alarm_that_did_not_arrive_is_sent_again(chat: Chat) -> None:
    await a_channel(chat.pool)
    await dead(chat.pool)
    chat.status = 500
    await chat.look()
    chat.status = 200
    await chat.pool.execute("update alarm set claimed_until = now() - interval '1 second'")
    await chat.look()
    await chat.look()

    assert len(chat.told) == 2


async def test_without_addresses_nothing_is_told_and_nothing_written(chat: Chat, database_url: str) -> None:
    silent = some_settings(database_url, "redis://127.0.0.1")
    await a_channel(chat.pool)
    await dead(chat.pool)

    await Alarms(chat.pool, silent, alarm_post(silent)).look()

    assert (chat.told, await chat.pool.fetchval("select count(*) from alarm")) == ([], 0)


def with_alarms(urls: str) -> Settings:
    return some_settings("postgresql://u@h/d", "redis://h", alarm_urls=SecretStr(urls))


def test_an_address_that_is_none_is_named_by_its_place_and_never_shown() -> None:
    with pytest.raises(SettingsError, match="does not understand address number 2") as refused:
        alarm_post(with_alarms("json://127.0.0.1:1 nonsense://geheim"))

    assert "geheim" not in str(refused.value)


def test_without_the_extra_there_is_a_sentence_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "workers.alarm_post", raising=False)
    monkeypatch.setitem(sys.modules, "apprise", None)  # what an import finds where it is not installed

    with pytest.raises(SettingsError, match=r"pip install 'campanella\[alarms\]'"):
        alarm_post(with_alarms("json://127.0.0.1:1"))


async def test_what_is_held_and_what_is_in_doubt_for_long_is_told(chat: Chat) -> None:
    await a_channel(chat.pool)
    numbers = [(await accepted(chat.pool, texts={"it": {"title": CANARY}})).id for _ in range(3)]
    await chat.pool.execute(DOUBTED, numbers[0], "held", "5 minutes")
    await chat.pool.execute(DOUBTED, numbers[1], "in_doubt", "40 minutes")
    await chat.pool.execute(DOUBTED, numbers[2], "in_doubt", "5 minutes")

    await chat.look()

    doubted, held = sorted(chat.sentences)
    assert held == "1 deliveries wait for a person to look into the channel. See /v1/held."
    assert doubted.startswith("1 deliveries have been in doubt for long, the oldest for 4")
    assert doubted.endswith(f"See /v1/notices/{numbers[1]}/deliveries")
    assert CANARY not in str(chat.told)

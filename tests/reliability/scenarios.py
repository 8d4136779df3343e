# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What may befall a notice: the engine as it is passes each, and each mutant fails its own."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta

from tests.reliability.ground import Ground, until

RESTING = "select count(*) from channel where turn_until is null and free_at > now() + interval '10 seconds'"
IS_AWAY = "select away_since is not null from pace where kind = 'telegram'"
LONG = "update delivery set due_at = now() + interval '1 hour' where failures > 0 and lease_until is null"
PUT_OFF = """
create function put_off() returns trigger language plpgsql as
$$ begin new.due_at = now() + interval '1 hour'; return new; end $$;
create trigger put_off before update on delivery for each row
  when (old.failures = 0 and new.failures > 0) execute function put_off()
"""
NO_LONGER = "drop function put_off cascade; update delivery set due_at = now() where failures > 0"
Scenario = Callable[[Ground], Coroutine[None, None, None]]


async def ends_as(ground: Ground, state: str, posts: int) -> None:
    await ground.settles()
    assert await ground.states() == {state: 1}
    assert len(ground.telegram.posts()) == posts
    assert await ground.verdict() == []


async def killed_while_it_calls(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("answer_hung", chat)
    await ground.accept(in_doubt="hold")
    (busy,) = ground.workers.start().running
    await until(lambda: some_post(ground))
    ground.workers.kill(busy)
    ground.workers.start()
    await ends_as(ground, "held", 1)


async def wakes_too_late(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("late_answer", chat, seconds=1.5)
    await ground.accept(in_doubt="repeat")
    (asleep,) = ground.workers.start().running
    await until(lambda: some_post(ground))
    os.kill(asleep, signal.SIGSTOP)
    ground.workers.start()
    await until(lambda: says(ground, "delivery.delivered"))
    os.kill(asleep, signal.SIGCONT)
    await until(lambda: says(ground, "delivery.doubted", "lease.lapsed", "outcome"))
    await ends_as(ground, "delivered", 2)


async def says(ground: Ground, *words: str) -> bool:
    """Tell whether a worker wrote a line with the first word, or one with all others."""
    log = ground.workers.log
    lines = [line for line in log.read_text("utf-8").splitlines() if line.startswith("{")] if log.exists() else []
    return any(f'"{words[0]}"' in line for line in lines) or (
        len(words) > 1 and any(all(f'"{word}"' in line for word in words[1:]) for line in lines)
    )


async def loses_the_answer_of_one_who_can_be_asked(ground: Ground) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.fault("answer_reset", chat)
    await ground.accept(in_doubt="hold")
    ground.workers.start()
    await ends_as(ground, "delivered", 1)


async def loses_the_answer(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("answer_reset", chat)
    await ground.accept(in_doubt="hold")
    ground.workers.start()
    await ends_as(ground, "held", 1)


async def is_refused_a_connection(ground: Ground) -> None:
    await ground.channel("scuola")
    ground.workers.start()
    await until(lambda: says(ground, "worker.started"))
    await ground.telegram.away(10)
    await ground.accept(in_doubt="hold")
    await ends_as(ground, "delivered", 1)
    assert await ground.pool.fetchval("select count(*) from attempt") > 1


async def has_forty_channels_at_once(ground: Ground) -> None:
    await ground.channels(40)
    ground.workers.start()
    await ground.accept()
    await ground.settles()
    assert await ground.verdict() == []


async def has_more_than_a_minute_lets_out(ground: Ground) -> None:
    """Owe two groups six posts each, five of them in a minute: the sixth waits that minute out, and is not tried."""
    await ground.channels(2)
    ground.workers.start()
    for _ in range(6):
        await ground.accept()
    await until(lambda: rest_for_long_or_are_done(ground))
    assert len(ground.telegram.posts()) >= 10
    assert await ground.verdict(settled=False) == []


async def has_calls_held_up_on_their_way(ground: Ground) -> None:
    """Of forty calls at ten a second, four in a row arrive a third of a second after they were made."""
    await ground.channels(40)
    await ground.telegram.fault("delayed", delay=0.3, after=10, times=4)
    await ground.accept()
    ground.workers.start(2)
    await ground.settles()
    assert len(ground.telegram.posts()) == 40
    assert await ground.verdict() == []


async def rest_for_long_or_are_done(ground: Ground) -> bool:
    """Tell whether both rest for what is left of a minute, or, where all takes that long, have had everything."""
    return await ground.open() == 0 or bool(await ground.pool.fetchval(RESTING) == 2)


async def is_throttled_until_it_is_too_late(ground: Ground) -> None:
    chat = await ground.channel("scuola")
    await ground.telegram.fault("throttled", chat, retry_after=3)
    ground.workers.start()
    ends = datetime.now(UTC) + timedelta(seconds=2)
    await ground.accept(expires_at=ends.isoformat().replace("+00:00", "Z"))
    await ends_as(ground, "expired", 0)


async def has_a_second_notice_behind_one_that_failed(ground: Ground) -> None:
    """The next try is put off for longer than any chance would, so that the second has all the time to go before it."""
    chat = await ground.channel("scuola")
    await ground.telegram.fault("bad_gateway", chat, status=404)
    await ground.pool.execute(PUT_OFF)
    await ground.accept()
    await ground.accept()
    await asyncio.sleep(2)  # so long that the checker does not take the second for one that nobody could see yet
    ground.workers.start()
    await until(lambda: has_failed(ground))
    await asyncio.sleep(3)
    await ground.pool.execute(NO_LONGER)
    await ground.settles()
    assert len(ground.telegram.posts()) == 2
    assert await ground.verdict() == []


async def has_failed(ground: Ground) -> bool:
    return bool(await ground.pool.fetchval("select exists (select from delivery where failures > 0)"))


async def has_a_stranger_in_between(ground: Ground) -> None:
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.person(chat, "human-post", text="Auguri")
    await loses_its_call(ground, chat)


async def is_overtaken_on_the_wire(ground: Ground) -> None:
    """Hand in an urgent notice while another hangs on its way: it would stand where that is looked for."""
    chat = await ground.channel("scuola", can_ask=True)
    await ground.telegram.fault("hang_before_accepting", chat)
    await ground.accept(texts={"it": {"title": "Mensa fredda"}})
    ground.workers.start()
    await until(lambda: is_on_the_wire(ground))
    await ground.accept(priority="urgent", texts={"it": {"title": "Scuola chiusa"}})
    await ground.settles()
    assert await ground.states() == {"delivered": 2}
    assert await ground.verdict() == []


async def comes_back_when_all_wait_for_long(ground: Ground) -> None:
    """Let Telegram be away until all that failed waits for an hour, as after a long outage."""
    await ground.channels(12)
    ground.workers.start()
    await until(lambda: says(ground, "worker.started"))
    ground.patience = 30  # seconds without any movement, of a worker that is awake
    await ground.telegram.away(15)
    await ground.accept()
    await until(lambda: is_away(ground))
    await ground.pool.execute(LONG)
    await ground.settles()
    assert await ground.verdict() == []


async def is_away(ground: Ground) -> bool:
    return bool(await ground.pool.fetchval(IS_AWAY))


async def is_on_the_wire(ground: Ground) -> bool:
    return any(entry.method == "sendMessage" for entry in ground.telegram.entries())


async def loses_its_call(ground: Ground, chat: int) -> None:
    await ground.telegram.fault("reset_before_accepting", chat)
    await ground.accept(in_doubt="hold")
    ground.workers.start()
    await ends_as(ground, "delivered", 1)


async def some_post(ground: Ground) -> bool:
    return bool(ground.telegram.posts())

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Urgent notices amid a bulk that waits, beside a strict Telegram."""

import asyncio
import time
from functools import partial

from tests.reliability.ground import Ground, until

AS_TELEGRAM = ("--per-second", "30", "--chat-per-second", "1", "--group-per-minute", "20")
IN_COMPANY = (*AS_TELEGRAM, "--slack", "0.15")
"""The gate shares its machine with other tests, which may hold a call up on its way; the night and the bench do not."""
PACE = (30.0, 1.0, 20)
PER_SECOND = PACE[0]
CHATS = 60
URGENT = "Scuola chiusa"


async def overtakes(ground: Ground, bulk: int, urgent: int, *, private: bool, every: float = 0) -> list[float]:
    """Give the seconds that each urgent notice waited; the next is handed in when it is there, and `every` seconds on.

    In families' own chats there is no limit of a minute, so that nothing but the bulk could delay anybody. Where the
    urgent ones take their time as much bulk comes in as goes out, so that as much of it waits at the end.
    """
    for number in range(CHATS):
        await ground.channel(f"c{number}", private=private, areas=[f"area {number}"])
    for _ in range(bulk):
        await ground.accept(priority="bulk")
    ground.workers.start(2)
    await until(lambda: some_posts(ground, 30))

    accepted, begun, handed_in = [], time.monotonic(), 0
    for number in range(urgent):
        accepted.append(time.time())
        audience, texts = {"areas": [f"area {number % CHATS}"]}, {"it": {"title": title(number)}}
        done = await ground.accept(priority="urgent", audience=audience, texts=texts)
        await until(partial(ground.is_delivered, done.id))
        if every and time.monotonic() > begun + handed_in * CHATS / PER_SECOND:
            handed_in += 1
            await ground.accept(priority="bulk")
        await asyncio.sleep(max(0.0, accepted[-1] + every - time.time()))
    posts = ground.telegram.posts()
    arrived = {post.text: post.at.timestamp() for post in posts if URGENT in post.text}
    waits = [
        arrived[next(text for text in arrived if title(number) in text)] - at for number, at in enumerate(accepted)
    ]

    assert len(posts) > 30 + 2 * urgent
    return waits


def title(number: int) -> str:
    return f"{URGENT} oggi, avviso {number}."


async def some_posts(ground: Ground, many: int) -> bool:
    return len(ground.telegram.posts()) >= many

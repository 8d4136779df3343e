# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Carries event letters to the callback URL: again when nobody says success, twice or not at all when asked to."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from deploy.sandbox_wechat.account import Account
from deploy.sandbox_wechat.letters import addressed, told

TRIES = 4
"""The first, and three more."""


@dataclass
class Callback:
    """Where events go. `lose`, `repeat`: how many of the next are lost or come twice; `urls`: they name links."""

    url: str | None = None
    token: str = "sandbox"  # noqa: S105 (the stand-in's own)
    aes_key: str | None = None
    lose: int = 0
    repeat: int = 0
    urls: bool = True
    delay: float = 0.0


@dataclass
class Letter:
    """One letter and what the other side said to each try."""

    xml: bytes
    answers: list[str] = field(default_factory=list)


class Post:
    """Sends letters in the background, without any order."""

    def __init__(self, account: Account, app_id: str, where: str) -> None:
        self.account, self.app_id, self.where = account, app_id, where
        self.callback = Callback()
        self.letters: list[Letter] = []
        self.tasks: set[asyncio.Task[None]] = set()
        account.watchers.append(self.watch)

    def watch(self, what: str, thing: Any) -> None:
        """Tell of what has ended, unless the letter is to be lost."""
        callback = self.callback
        if what != "finished" or callback.url is None:
            return
        letter = Letter(told(thing, self.account.now(), urls=callback.urls, where=self.where))
        self.letters.append(letter)
        if callback.lose > 0:
            callback.lose -= 1
            return
        copies = 1
        if callback.repeat > 0:
            callback.repeat -= 1
            copies = 2
        for _ in range(copies):
            task = asyncio.create_task(self.carry(letter))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def carry(self, letter: Letter) -> None:
        """Try until success or an empty answer comes within the time, at most four times."""
        await asyncio.sleep(self.callback.delay)
        for _ in range(TRIES):
            answer = await self.try_once(letter)
            letter.answers.append(answer)
            if answer in ("success", ""):
                return
            await asyncio.sleep(self.account.rules.event_retry)

    async def try_once(self, letter: Letter) -> str:
        callback = self.callback
        query, body = addressed(letter.xml, callback.token, callback.aes_key, self.app_id)
        timeout = aiohttp.ClientTimeout(total=self.account.rules.event_patience)
        headers = {"Content-Type": "text/xml"}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.post(callback.url or "", params=query, data=body, headers=headers) as response,
            ):
                text = await response.text()
                return text if response.ok else f"{response.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__

    async def stop(self) -> None:
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

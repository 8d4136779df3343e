# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: INP001 - a program of its own, not a module of ours
"""The loop that aiogram documents for a broadcast, fed line by line: one after the other, in the order of its queue.

It waits when it is asked to; what fails otherwise is logged and left, as in the documented loop.
"""

import asyncio
import json
import logging
import sys

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter

BETWEEN = 0.05
LONGEST_LINE = 2**20
LOG = logging.getLogger(__name__)


async def send(bot: Bot, chat: int, text: str) -> None:
    """Send, and wait as long as Telegram asks for."""
    while True:
        try:
            await bot.send_message(chat, text)
        except TelegramRetryAfter as error:
            await asyncio.sleep(error.retry_after)
        except TelegramAPIError:
            LOG.exception("target %s: failed", chat)
            return
        else:
            return


async def main() -> None:
    lines = asyncio.StreamReader(LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    order = json.loads(await lines.readline())
    bot = Bot(order["token"], session=AiohttpSession(api=TelegramAPIServer.from_base(order["url"])))
    print("ready", flush=True)
    async for line in lines:
        chats, text = json.loads(line)
        for chat in chats:
            await send(bot, chat, text)
            await asyncio.sleep(BETWEEN)
    await bot.session.close()


if __name__ == "__main__":
    asyncio.run(main())

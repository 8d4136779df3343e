# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: INP001 - a program of its own, not a module of ours
"""The loop that aiogram documents for a broadcast: one after the other, a short sleep, and waiting when asked to."""

import asyncio
import json
import sys
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramRetryAfter

BETWEEN = 0.05


async def send(bot: Bot, chat: int, text: str) -> None:
    """Send, and wait as long as Telegram asks for."""
    while True:
        try:
            await bot.send_message(chat, text)
        except TelegramRetryAfter as error:
            await asyncio.sleep(error.retry_after)
        else:
            return


async def main(order: dict[str, Any]) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(order["url"]))
    bot = Bot(order["token"], session=session)
    for chat, text in order["calls"]:
        await send(bot, chat, text)
        await asyncio.sleep(BETWEEN)
    await session.close()


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))

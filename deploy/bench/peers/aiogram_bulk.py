# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: INP001 - a program of its own, not a module of ours
"""A bare aiogram loop: so many calls at a time, nothing remembered. Prints the CPU seconds of the loop."""

import asyncio
import json
import sys
import time
from typing import Any

import uvloop
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import LinkPreviewOptions, MessageEntity


async def main(order: dict[str, Any]) -> None:
    at_once = order["at_once"]  # as many connections, too: aiogram alone opens a hundred
    session = AiohttpSession(api=TelegramAPIServer.from_base(order["url"]), limit=at_once)
    bot, gate = Bot(order["token"], session=session), asyncio.Semaphore(at_once)
    preview = LinkPreviewOptions(is_disabled=True)

    async def send(chat: int, text: str) -> None:
        title = MessageEntity(type="bold", offset=0, length=text.index("\n"))
        async with gate:
            await bot.send_message(
                chat, text, entities=[title], link_preview_options=preview, disable_notification=True
            )

    began = time.process_time()
    await asyncio.gather(*(send(chat, text) for chat, text in order["calls"]))
    sys.stdout.write(json.dumps({"cpu": time.process_time() - began}))
    await session.close()


if __name__ == "__main__":
    uvloop.run(main(json.load(sys.stdin)))

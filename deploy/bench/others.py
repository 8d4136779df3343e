# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who else is given notices while time goes by."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from deploy.bench import alertmanager, apprise, rivals
from deploy.bench.desk import Desk, Opening, piped
from deploy.bench.ground import Ground
from deploy.bench.place import Telegram


@asynccontextmanager
async def serial_desk(ground: Ground, telegram: Telegram, chats: Sequence[int]) -> AsyncIterator[Desk]:  # noqa: ARG001
    words = [sys.executable, str(rivals.PEERS / "aiogram_queue.py")]
    async with piped(ground.file("aiogram.log"), telegram, words) as opened:
        yield opened


OTHERS: dict[str, Opening] = {
    rivals.SERIAL: serial_desk,
    "Apprise": apprise.desk,
    apprise.WITH_RETRIES: apprise.patient_desk,
    "Alertmanager": alertmanager.desk,
}

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where asynchronous work is done for rules that are not asynchronous."""

import asyncio
from collections.abc import Coroutine
from threading import Thread
from typing import Any

import asyncpg

from app.database import SERVER_SETTINGS, Pool
from tests.outbox.pausing import sessions_at

PATIENCE = 300.0


class Home(Thread):
    """An event loop of its own: Hypothesis calls its rules from where another loop is running."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.loop = asyncio.new_event_loop()
        self.engine = sessions_at(url)
        self.start()
        self.pool: Pool = self.do(self._open(url))

    def run(self) -> None:
        self.loop.run_forever()

    def do(self, work: Coroutine[None, None, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    async def _open(self, url: str) -> Pool:
        return await asyncpg.create_pool(url, min_size=1, max_size=4, server_settings=SERVER_SETTINGS)

    def close(self) -> None:
        self.do(self.engine.dispose())
        self.do(self.pool.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.join()
        self.loop.close()

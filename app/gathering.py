# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Acceptances that wait at the same moment are stored together: one statement and one commit for all of them."""

import asyncio
from collections import deque
from collections.abc import Sequence

from app.database import Pool
from app.domain.notice import Notice
from app.intake import Accepted, Origin, Wish, accept_all, wish_for
from app.routing import Routing
from app.tasks import end

MOST = 64
"""Notices in one statement."""
MOST_OWED = 20_000
"""Deliveries that one statement may have to write, so that it ends well before its timeout."""
AT_ONCE = 4
"""Statements under way: while some are being written to disk, the next ones are on their way."""
Waiting = tuple[Wish, asyncio.Future[Accepted]]


class Gathering:
    """The way in of one process. Nobody waits for company: the first goes at once, the others with the next."""

    def __init__(self, pool: Pool, routing: Routing) -> None:
        self._pool, self._routing = pool, routing
        self._waiting: deque[Waiting] = deque()
        self._storing: set[asyncio.Task[None]] = set()

    async def accept(self, notice: Notice, origin: Origin) -> Accepted:
        """Store a notice and all it owes, or find what an earlier call stored; raises what `app.intake.accept` does."""
        answered: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.append((wish_for(notice, origin), answered))
        if len(self._storing) < AT_ONCE:
            storing = asyncio.create_task(self._store())
            self._storing.add(storing)
            storing.add_done_callback(self._storing.discard)
        return await answered

    async def close(self) -> None:
        """Stop; whoever still waits is told that it was not stored."""
        await end(self._storing)
        while self._waiting:
            self._waiting.popleft()[1].cancel()

    async def _store(self) -> None:
        while self._waiting:
            await self._answer(self._next())

    def _next(self) -> list[Waiting]:
        reached = max(1, len(self._routing.snapshot.channels))
        most = max(1, min(MOST, MOST_OWED // reached))
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    async def _answer(self, together: Sequence[Waiting]) -> None:
        """Give everybody the own answer. What goes wrong for several is tried for each, so that none spoils another."""
        wishes = [wish for wish, _ in together]
        try:
            answers = await accept_all(self._pool, self._pool, self._routing, wishes)
        except Exception as error:  # noqa: BLE001 - it is passed on to whoever waits for it
            if len(together) == 1:
                _tell(together[0][1], error)
            else:
                await asyncio.gather(*(self._answer([one]) for one in together))
            return
        except asyncio.CancelledError:
            self._waiting.extendleft(reversed(together))
            raise
        for (_, answered), answer in zip(together, answers, strict=True):
            _tell(answered, answer)


def _tell(answered: asyncio.Future[Accepted], answer: Accepted | Exception) -> None:
    """Give an answer to a caller, unless the caller went away."""
    if answered.done():
        return
    if isinstance(answer, Exception):
        answered.set_exception(answer)
    else:
        answered.set_result(answer)

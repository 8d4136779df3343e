# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What takes time between the last look at the clock and the first byte does not let a post out beyond its time."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
import yarl
from aiogram import Bot
from aiogram.methods import GetMe

from app.database import Pool
from app.domain.delivery import Intent
from app.domain.notice import Priority
from app.domain.outcome import Delivered, Submitted, Wire
from app.outbox import Owed, sweep
from app.outgoing import Outgoing
from deploy.sandbox import Sandbox
from deploy.sandbox.faults import FaultKind
from tests.given import a_channel, accepted
from tests.outbox.conftest import pool
from tests.reliability.ground import until
from tests.workers.conftest import CHAT
from tests.workers.dispatching import at_work, is_so
from tests.workers.test_media import png
from tests.workers.trap import Trap
from workers.desk import Report
from workers.reach import TooLateError, leaving_by, tracing
from workers.speaking import Request, Unheard, speak
from workers.telegram.asker import Asker
from workers.telegram.sender import Sender
from workers.telegram.session import Watch, WatchedSession
from workers.telegram.shown import shown

__all__ = ["pool"]

PICTURE = [{"title": "Mappa", "href": "https://comune.example/mappa.png"}]
FETCHED = "update media set state = 'ready', kind = 'photo', content = $1"
NOW = "update delivery set due_at = now()"
OVER = "select expires_at < clock_timestamp() from delivery"
STATE = "select state = $1 from delivery"
SOON = timedelta(seconds=3)
AMPLE = timedelta(seconds=10)
"""For what must have begun by then, or be up, on a machine with much else to do."""
A_LITTLE = 1 << 13


@asynccontextmanager
async def narrow(url: str) -> AsyncIterator[str]:
    """Give a way to a server on which a megabyte takes many seconds to go up; what comes back is not held up."""
    up: list[asyncio.Task[None]] = []

    async def carry(here: asyncio.StreamReader, there: asyncio.StreamWriter, pause: float) -> None:
        with suppress(ConnectionError):
            while some := await here.read(A_LITTLE):
                there.write(some)
                await there.drain()
                await asyncio.sleep(pause)
        there.transport.abort()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = yarl.URL(url)
        back, there = await asyncio.open_connection(server.host, server.port)
        up.append(asyncio.create_task(carry(back, writer, 0)))
        await carry(reader, there, 0.1)

    small = socket.create_server(("127.0.0.1", 0))
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, A_LITTLE)  # what waits here has left the sender already
    async with await asyncio.start_server(meet, sock=small, limit=A_LITTLE):
        yield f"http://127.0.0.1:{small.getsockname()[1]}"
        for task in up:
            task.cancel()


@pytest.fixture
async def session(sandbox: Sandbox) -> AsyncIterator[WatchedSession]:
    opened = WatchedSession(sandbox.url, 20)
    yield opened
    await opened.close()


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def test_what_is_loaded_until_its_time_is_over_is_not_posted(
    pool: Pool, sandbox: Sandbox, session: WatchedSession
) -> None:
    async def load(_: UUID, hrefs: Sequence[str], __: int) -> dict[str, bytes]:
        await until(partial(is_so, pool, OVER))
        return dict.fromkeys(hrefs, png())

    bot = Bot(sandbox.token, session=session)
    sender = Sender(bot, session, Priority.URGENT, Asker(bot, session, None), load, 20)
    sandbox.add_chat(CHAT, "channel", "scuola")
    await a_channel(pool, kind="paper", address=str(CHAT))
    await accepted(pool, attachments=PICTURE, expires_at=stamp(datetime.now(UTC) + SOON))
    await pool.execute(FETCHED, png())
    await pool.execute(NOW)

    async with at_work(pool, sender.send, render=partial(shown, municipality="Prato", zone="Europe/Rome")):
        await until(partial(is_so, pool, STATE, "expired"))

    assert [entry.method for entry in sandbox.journal] == []


async def uploading(pool: Pool, sandbox: Sandbox, url: str, size: int, ends: datetime, state: str) -> None:
    """Post a picture of so many bytes more, until that has come to a state."""
    session = WatchedSession(url, 60)
    bot = Bot(sandbox.token, session=session)

    async def load(_: UUID, hrefs: Sequence[str], __: int) -> dict[str, bytes]:
        return dict.fromkeys(hrefs, png() + bytes(size))

    sender = Sender(bot, session, Priority.URGENT, Asker(bot, session, None), load, 60)
    sandbox.add_chat(CHAT, "channel", "scuola")
    await a_channel(pool, kind="paper", address=str(CHAT))
    await accepted(pool, attachments=PICTURE, expires_at=stamp(ends), in_doubt="repeat")
    await pool.execute(FETCHED, png())
    await pool.execute(NOW)

    async with at_work(pool, sender.send, render=partial(shown, municipality="Prato", zone="Europe/Rome")):
        await until(partial(is_so, pool, STATE, state))
    await session.close()


async def test_what_is_still_going_up_when_its_time_is_over_is_not_posted(pool: Pool, sandbox: Sandbox) -> None:
    """A document, on a connection that takes half a minute for it; Telegram has heard of it in time."""
    ends = datetime.now(UTC) + AMPLE
    async with narrow(sandbox.url) as slowly:
        await uploading(pool, sandbox, slowly, 2_400_000, ends, "expired")

    tries = await pool.fetch("select outcome, wire, finished_at from attempt order by token")
    assert [(row["outcome"], row["wire"]) for row in tries] == [("doubted", "body")]
    assert tries[0]["finished_at"] >= ends
    assert [entry.did for entry in sandbox.journal if entry.did != "nothing"] == []
    assert "may stand there" in await pool.fetchval("select last_error from delivery")


async def test_what_is_up_in_time_is_heard_out_beyond_it(pool: Pool, sandbox: Sandbox) -> None:
    """Telegram has it and takes its time to say so: whoever broke off would not know that it stands there."""
    ends = datetime.now(UTC) + AMPLE
    sandbox.faults.add(FaultKind.LATE_ANSWER, method="sendPhoto", seconds=2 * AMPLE.total_seconds())

    await uploading(pool, sandbox, sandbox.url, 1_200_000, ends, "delivered")

    assert [entry.did for entry in sandbox.journal] == ["accepted"]
    assert await pool.fetchval("select finished_at > $1 from attempt", ends)


async def test_a_call_whose_time_is_over_breaks_off_before_its_first_byte(
    sandbox: Sandbox, session: WatchedSession
) -> None:
    bot, watch = Bot(sandbox.token, session=session), Watch()
    for _ in range(2):
        with leaving_by(time.monotonic()), pytest.raises(TooLateError):
            await session.exchange(bot, GetMe(), watch)

    assert (watch.wire, sandbox.journal) == (Wire.CONNECTED, [])
    with leaving_by(time.monotonic() + 600):
        assert (await session.exchange(bot, GetMe(), watch)).status == 200
    assert (await session.exchange(bot, GetMe(), watch)).status == 200


async def test_a_receiver_is_not_told_either(trap: Trap) -> None:
    outgoing = Outgoing([trap.host], trap.context, [tracing()])
    asked = Request("POST", f"https://{trap.host}/a.png", {}, b"{}")

    with leaving_by(time.monotonic()):
        heard = await speak(outgoing, asked, 20)

    assert isinstance(heard, Unheard)
    assert (heard.left, heard.blocked, trap.hits) == (False, False, 0)
    await outgoing.close()


async def test_what_was_taken_in_time_is_asked_about_beyond_its_time(
    pool: Pool, sandbox: Sandbox, session: WatchedSession
) -> None:
    """A platform that takes its time has it already; nobody would ever learn what came of it."""
    bot = Bot(sandbox.token, session=session)

    async def send(_: Owed, intent: Intent) -> Report:
        if intent.reference is None:
            await pool.execute("update delivery set expires_at = now()")
            return Report(Submitted("m1", 0.0, "taken"), Wire.RESPONSE)
        await session.exchange(bot, GetMe(), Watch())
        return Report(Delivered((intent.reference,)), Wire.RESPONSE)

    await a_channel(pool, kind="paper")
    await accepted(pool, expires_at="2099-01-01T00:00:00Z")

    async with at_work(pool, send, once_key=True) as until_delivered:
        await until_delivered(1)

    assert (await sweep(pool)).expired == 0

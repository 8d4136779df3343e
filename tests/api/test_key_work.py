# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is done for a key is the same whether its id is unknown, its secret wrong, or all of it right."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import asyncpg
import pytest

from app.access import MOST_REMEMBERED, REMEMBERED, Access
from app.database import Pool
from app.domain.key import checksum, new_key
from app.settings import Settings
from tests.api.calling import Caller

HASHING = {"_hashlib", "_hmac", "_operator", "_sha2", "_sha256"}
"""Where the interpreter has its digests and its comparison in constant time."""


@dataclass
class Work:
    """What was done: the statements that were sent, and the digests and comparisons that were made, in order."""

    statements: list[str] = field(default_factory=list)
    computed: list[str] = field(default_factory=list)

    def sent(self, query: Any) -> None:
        self.statements.append(query.query)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note every call into the interpreter's own functions."""

        def called(_: FrameType, event: str, what: Any) -> None:
            if event == "c_call" and getattr(what, "__module__", None) in HASHING:
                self.computed.append(what.__name__)

        sys.setprofile(called)
        try:
            yield
        finally:
            sys.setprofile(None)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def watched(settings: Settings, work: Work) -> AsyncIterator[Pool]:
    """A pool as ours is, whose connections tell what they send."""

    async def tell(connection: Any) -> None:
        connection.add_query_logger(work.sent)

    async def leave(_: object) -> None:
        pass

    url = str(settings.database_url)
    async with asyncpg.create_pool(url, min_size=0, max_size=1, setup=tell, reset=leave) as opened:
        yield opened


async def done(access: Access, text: str, work: Work) -> tuple[Work, bool]:
    """Come with a key; give what was done for it, and whether it was good."""
    work.statements, work.computed = [], []
    with work.watched():
        caller = await access.caller(text)
    await asyncio.sleep(0)  # the driver tells of a statement a moment later
    return Work(work.statements, work.computed), caller is not None


async def twice(access: Access, text: str, work: Work) -> tuple[Work, Work, bool]:
    """Come twice so quickly that the second time is remembered; a machine that is too slow for that gets more tries."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        access.forget_all()
        began = time.monotonic()
        (first, _), (again, good) = await done(access, text, work), await done(access, text, work)
        if time.monotonic() - began < REMEMBERED:
            return first, again, good
    raise TimeoutError


@pytest.mark.parametrize("pepper", [None, b"pepe"])
async def test_the_same_is_done_for_an_unknown_id_a_wrong_secret_and_the_right_one(
    operator: Caller, watched: Pool, work: Work, pepper: bytes | None
) -> None:
    right = str((await operator.a_source()).key)
    access = Access(watched, None, pepper=pepper)
    await access.caller(right)
    await access.use.write_down()  # which also gives the key its pepper
    body = f"{right[:23]}{'0' * 32}"

    found = [await twice(access, text, work) for text in (right, body + checksum(body), new_key().text)]

    ((first, again, is_good), *others) = found
    assert (is_good, len(first.statements), again.statements) == (True, 1, [])
    assert len(first.computed) == len(again.computed) >= 2
    assert others == [(first, again, False)] * 2


async def test_a_flood_of_unknown_ids_is_not_remembered_for_ever(watched: Pool) -> None:
    access, first, last = Access(watched, None), new_key(), new_key()
    await access.caller(first.text)
    access._known |= dict.fromkeys(map(str, range(MOST_REMEMBERED - 1)), access._known[first.id])
    assert len(access._known) == MOST_REMEMBERED

    await access.caller(last.text)

    assert list(access._known) == [last.id]

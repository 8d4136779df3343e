# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Other senders beside ours, each a program of its own that is given its calls on standard input."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.bench.ground import Ground
from deploy.bench.journal import Account
from deploy.bench.place import REAL, TOKEN, Telegram, telegram
from deploy.bench.scenario import why

Calls = Sequence[Sequence[Any]]
"""Pairs of chat and text, in order."""
Rival = Callable[[Telegram, Calls, float], Awaitable[None]]
"""Makes the calls within so many seconds, or raises SkippedError."""
BARE = "bare aiogram loop"
SERIAL = "aiogram, serial as documented"
LONGEST = 500
"""Characters of a complaint."""
PEERS = Path(__file__).parent / "peers"


class SkippedError(Exception):
    """A rival cannot be measured here; the text says why."""


class BrokenError(Exception):
    """A rival did not run as it should; the text is what it said."""


async def aiogram_bulk(there: Telegram, calls: Calls, at_once: int, patience: float) -> float:
    """Run the bare loop and give its CPU seconds."""
    words = [sys.executable, str(PEERS / "aiogram_bulk.py")]
    return float((await answered(words, {**order(there, calls), "at_once": at_once}, patience))["cpu"])


async def aiogram_serial(there: Telegram, calls: Calls, patience: float) -> None:
    await told([sys.executable, str(PEERS / "aiogram_serial.py")], order(there, calls), patience)


def order(there: Telegram, calls: Calls) -> dict[str, Any]:
    return {"url": there.url, "token": TOKEN, "calls": [list(call) for call in calls]}


async def told(words: Sequence[str], given: dict[str, Any], patience: float) -> bytes:
    """Run a program on what it is given and return what it says; one that takes too long is ended."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        said, complaint = await asyncio.wait_for(process.communicate(json.dumps(given).encode()), patience)
    except TimeoutError:
        return b""
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode:
        raise BrokenError(f"exit code {process.returncode}: {complaint.decode(errors='replace')[-LONGEST:].strip()}")
    return said


async def answered(words: Sequence[str], given: dict[str, Any], patience: float) -> dict[str, Any]:
    """Run a program that says one JSON object at its end; one that takes too long has broken."""
    said = await told(words, given, patience)
    if not said:
        raise BrokenError(f"it was not done within {patience:g} s")
    answer: dict[str, Any] = json.loads(said)
    return answer


async def alone(ground: Ground, rival: Rival, calls: Calls, patience: float) -> Account:
    """Let a rival make its calls to a sandbox of its own, with the limits that Telegram has.

    Some send what Telegram has taken out of its documents: Telegram ignores that, and so does this sandbox.
    """
    async with telegram(ground, REAL, "--ignore-unknown") as there:
        await rival(there, calls, patience)
        return there.journal.since()


def broke(name: str, error: Exception) -> str:
    said = str(error) if isinstance(error, BrokenError) else why(error)
    return f"NOT MEASURED: {name} did not run. It said: {said}"


async def each(
    ground: Ground, rivals: Mapping[str, Rival], calls: Calls, patience: float
) -> tuple[dict[str, Account], list[str]]:
    """Measure one rival after the other; say aloud of which there is nothing to show, and why."""
    accounts, remarks = {}, []
    for name, rival in rivals.items():
        try:
            account = await alone(ground, rival, calls, patience)
        except SkippedError as error:
            remarks.append(str(error))
        except Exception as error:  # noqa: BLE001 - whatever breaks one, the others are measured
            remarks.append(broke(name, error))
        else:
            if account.posts:
                accounts[name] = account
            else:
                remarks.append(f"NOT MEASURED: {name} reached nobody; {account.first_refusal()}.")
    return accounts, remarks

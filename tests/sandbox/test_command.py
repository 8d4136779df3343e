# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The command: what it refuses to do, and that it runs."""

import asyncio
import json
import re
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from deploy.checker import Entry, read_journal
from tests.reliability.ground import until

REAL = "987654321:" + "A" * 35
URL = re.compile(r"http://127\.0\.0\.1:\d+")


async def run(*words: str) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "deploy.sandbox", *words)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.STDOUT)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--host", "192.0.2.1"], "sandbox: 192.0.2.1 is reachable from other machines; --force if that is meant"),
        (["--token", REAL], "sandbox: that token looks like a real bot's; use one with SANDBOX in it, or --force"),
    ],
)
async def test_it_does_not_expose_itself_or_take_a_real_token(words: list[str], sentence: str) -> None:
    process = await run(*words)

    output, _ = await process.communicate()

    assert (process.returncode, output.decode().strip()) == (1, sentence)


async def test_it_runs_with_chats_of_a_file_and_ends_when_told(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    chats, journal = tmp_path / "chats.json", tmp_path / "journal.jsonl"
    chats.write_text(json.dumps([{"id": -1005, "type": "channel", "title": "Scuola"}]), "utf-8")
    process = await run("--port", "0", "--chats", str(chats), "--journal", str(journal), "--open-chats")
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    found, token = URL.search(line), line.split("token ")[1].strip(")\n")
    assert found

    url = f"{found[0]}/bot{token}/sendMessage"
    answers = [await post(session, url, chat) for chat in (-1005, 4711, -1005)]
    while answers[-1] == 200 and len(answers) < 40:
        answers.append(await post(session, url, -1005))
    process.send_signal(signal.SIGTERM)

    assert await process.wait() == 0
    assert (answers[:2], answers[-1]) == ([200, 200], 429)
    assert len(journal.read_text("utf-8").splitlines()) == len(answers)


async def test_it_says_that_it_stood_still_and_since_when(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    process = await run("--port", "0", "--journal", str(journal), "--standstills")
    assert process.stdout
    await process.stdout.readline()
    await asyncio.sleep(0.2)

    process.send_signal(signal.SIGSTOP)
    since = time.time()
    await asyncio.sleep(2)
    process.send_signal(signal.SIGCONT)
    await until(lambda: has_stood_still(journal))
    process.send_signal(signal.SIGTERM)

    assert await process.wait() == 0
    stood = long_standstills(journal)
    assert [(entry.by, entry.did, entry.is_post) for entry in stood] == [("machine", "nothing", False)]
    assert stood[0].at.timestamp() <= since + 0.1
    assert stood[0].landed.timestamp() >= since + 1.9


async def has_stood_still(journal: Path) -> bool:
    return bool(long_standstills(journal))


def long_standstills(journal: Path) -> list[Entry]:
    return [entry for entry in read_journal(journal) if entry.took > timedelta(seconds=1.9)]


async def post(session: aiohttp.ClientSession, url: str, chat: int) -> int:
    async with session.post(url, json={"chat_id": chat, "text": "Ciao"}) as response:
        return response.status

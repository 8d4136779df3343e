# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A real nginx with the configuration that is shipped, in front of a real process of the API."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from deploy.processes import Program, free_port
from tests.proxy.paper import NAME, Paper, trusting
from tests.repository.files import ROOT

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
PATIENCE = 90.0
"""Seconds that a test waits for what must happen, on a slow machine, too."""
TRIES = 5
"""A port that was free may be taken before nginx listens on it."""
MAIN = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/answers;
  fastcgi_temp_path {folder}/unused;
  uwsgi_temp_path {folder}/unused;
  scgi_temp_path {folder}/unused;
  include {folder}/nginx.conf;
  include {folder}/mutual-tls.conf;
}}
"""


@dataclass(frozen=True)
class Api:
    """A process of the API, and what its log says that it was asked."""

    port: int
    log: Path

    def heard(self, word: str) -> list[dict[str, Any]]:
        """Give the lines of the access log whose address has this word in it."""
        whole = self.log.read_text().rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == "request.served" and word in line["uri"]]


@dataclass(frozen=True)
class Proxy:
    """An nginx: the port for everybody, the one for callers with certificates, and its own certificate."""

    api: Api
    port: int
    mutual: int
    paper: Paper

    async def connect(
        self, shows: ssl.SSLContext | None = None, port: int | None = None, source: str = "127.0.0.1"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            "127.0.0.1",
            port or self.port,
            ssl=shows or trusting(self.paper),
            server_hostname=NAME,
            local_addr=(source, 0),
        )

    async def say(self, text: bytes) -> bytes:
        """Send bytes as they are, and give what comes back."""
        reader, writer = await self.connect()
        try:
            writer.write(text)
            return await asyncio.wait_for(all_of(reader), PATIENCE)
        finally:
            writer.close()

    async def get(
        self, path: str, headers: Mapping[str, str] | None = None, shows: Paper | None = None, *, mutual: bool = False
    ) -> tuple[int, Mapping[str, str], Any]:
        """Ask over a connection of its own; give status, headers and what the body says."""
        return await self.call("GET", path, headers, shows, mutual=mutual)

    async def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        shows: Paper | None = None,
        *,
        mutual: bool = False,
    ) -> tuple[int, Mapping[str, str], Any]:
        tls = shows.shown_to(self.paper) if shows else trusting(self.paper)
        address = f"https://127.0.0.1:{self.mutual if mutual else self.port}{path}"
        sent = {"Host": NAME, **(headers or {})}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, address, headers=sent, ssl=tls, server_hostname=NAME) as answer,
        ):
            body = await answer.text()
            return answer.status, answer.headers, json.loads(body) if body.startswith("{") else body

    async def heard(self, *words: str) -> list[int]:
        """Say how often the API was asked for each of these, after all that was sent before has reached it."""
        mark = fresh()
        await self.get(f"/v1/services/{mark}")
        async with asyncio.timeout(PATIENCE):
            while not self.api.heard(mark):  # noqa: ASYNC110 - a log offers nothing to wait on
                await asyncio.sleep(0.02)
        return [len(self.api.heard(word)) for word in words]


def fresh() -> str:
    """Give a word that no other request has."""
    return f"x{uuid4().hex}"


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """Read until the other side ends, however it does, or until its answer is whole."""
    read = b""
    with contextlib.suppress(OSError, ssl.SSLError):
        while not is_whole(read) and (data := await reader.read(65_536)):
            read += data
    return read


def is_whole(answer: bytes) -> bool:
    """Tell whether an answer is as long as it says."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: ([0-9]+)", head)
    return bool(end and length) and len(body) >= int(length[1] if length else 0)


def status_of(answer: bytes) -> int:
    """Give the status of an answer; 0 where the connection was closed without one."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


def write_down(folder: Path, paper: Paper, api: int, ports: tuple[int, int], replaced: Mapping[str, str]) -> None:
    """Copy what is shipped, with other ports and paths; `replaced` is for deadlines that a test would wait for."""
    changes = {
        "/etc/campanella/proxy/": f"{folder}/",
        "/etc/campanella/tls/fullchain.pem": str(paper.certificate),
        "/etc/campanella/tls/privkey.pem": str(paper.key),
        "127.0.0.1:8080": f"127.0.0.1:{api}",
        "listen 443 ": f"listen 127.0.0.1:{ports[0]} ",
        "listen 8443 ": f"listen 127.0.0.1:{ports[1]} ",
        **replaced,
    }
    made = set()
    for shipped in (ROOT / "deploy/proxy").iterdir():
        text = shipped.read_text(encoding="utf-8")
        for before, after in changes.items():
            made |= {before} if before in text else set()
            text = text.replace(before, after)
        (folder / shipped.name).write_text(text, encoding="utf-8")
    assert made == set(changes)
    (folder / "main.conf").write_text(MAIN.format(folder=folder))


@asynccontextmanager
async def nginx(api: Api, paper: Paper, folder: Path, **replaced: str) -> AsyncIterator[Proxy]:
    """Run an nginx; each of `replaced` is the value of a directive, `client_body_timeout="1s"`."""
    values = {f"{name} 10s;": f"{name} {value};" for name, value in replaced.items()}
    for _ in range(TRIES):
        ports = free_port(), free_port()
        write_down(folder, paper, api.port, ports, values)
        command = [str(NGINX), "-e", f"{folder}/error.log", "-p", str(folder), "-c", f"{folder}/main.conf"]
        with running(
            Program(name="nginx", command=command, environment={"PATH": os.environ["PATH"]}), folder / "out.log"
        ) as process:
            if await listens(process, ports[0]):
                yield Proxy(api, *ports, paper)
                return
    raise AssertionError((folder / "error.log").read_text())


@contextmanager
def running(program: Program, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = program.launch(log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


async def listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until somebody listens there; False where the process has ended instead."""
    async with asyncio.timeout(PATIENCE):
        while process.poll() is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return True
            await asyncio.sleep(0.02)
    return False

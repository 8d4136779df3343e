# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A small town in the sandbox: one chat of every kind, and a way to call the Bot API without a library."""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from deploy.sandbox import Sandbox

CHANNEL = -1001000000001
OTHER = -1001000000002
SUPERGROUP = -1001000000003
GROUP = -4000001
PERSON = 42
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def populate(sandbox: Sandbox) -> None:
    sandbox.add_chat(CHANNEL, "channel", "Scuola", username="scuola")
    sandbox.add_chat(OTHER, "channel", "Mensa")
    sandbox.add_chat(SUPERGROUP, "supergroup", "Genitori")
    sandbox.add_chat(GROUP, "group", "Rappresentanti")
    sandbox.add_chat(PERSON, "private", "Anna")


def picture(width: int, height: int) -> bytes:
    """Make a PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\xaa" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@dataclass(frozen=True)
class Answer:
    """What came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def result(self) -> Any:
        assert self.json["ok"], self.json
        return self.json["result"]

    @property
    def description(self) -> str:
        return str(self.json.get("description"))


class Caller:
    """The Bot API over plain HTTP."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session

    async def __call__(self, method: str, **parameters: Any) -> Answer:
        """Call a method with a form, as libraries do: what is not a string goes as JSON."""
        encoded = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
        return await self.send("POST", self.path(method), data=encoded)

    def path(self, method: str) -> str:
        return f"/bot{self.sandbox.token}/{method}"

    async def send(self, verb: str, path: str, **request: Any) -> Answer:
        async with self.session.request(verb, self.sandbox.url + path, **request) as response:
            return Answer(response.status, dict(response.headers), await response.read())

    async def upload(self, method: str, files: Mapping[str, tuple[str, bytes]], **parameters: Any) -> Answer:
        form = aiohttp.FormData()
        for name, value in parameters.items():
            form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        for name, (filename, data) in files.items():
            form.add_field(name, data, filename=filename, content_type="application/octet-stream")
        return await self.send("POST", self.path(method), data=form)

    async def post(self, chat: int, text: str = "Ciao", **parameters: Any) -> int:
        """Post a text and give its id."""
        answer = await self("sendMessage", chat_id=chat, text=text, **parameters)
        return int(answer.result["message_id"])

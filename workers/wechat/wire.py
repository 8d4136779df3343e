# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One request and how far it got: raw UTF-8 out, a verdict or its absence back."""

import json
import ssl
from dataclasses import dataclass, field
from typing import Any

import certifi
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, FormData, TCPConnector

from app.domain.outcome import Wire
from app.names import Names
from workers.reach import Reach, noted_in, tracing

CONNECT_TIMEOUT = 5.0
KEEP_ALIVE = 4.0
LARGEST_ANSWER = 1 << 20


@dataclass
class Watch(Reach):
    """How far the request of the running task got, and whether a push was asked for in this attempt."""

    pushed: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A verdict: an errcode of 0 where the platform names none, its words, and the members of the answer."""

    errcode: int
    words: str = ""
    members: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Give a member as text, whether it came as number or as string; empty where it is missing."""
        value = self.members.get(name)
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


@dataclass(frozen=True, slots=True)
class Broken:
    """No verdict: the connection broke, or what came is none. `left`: the platform may have acted."""

    why: str
    left: bool


class Http:
    """A session to one host, opened when first used; neither retries nor interprets."""

    def __init__(self, api_url: str, timeout: float) -> None:
        """Take the host's address and the seconds for one call."""
        self._base, self._timeout = api_url.rstrip("/"), timeout
        self._client: ClientSession | None = None

    async def post(
        self, path: str, query: dict[str, str], body: dict[str, Any] | FormData, watch: Watch
    ) -> Reply | Broken:
        """Make one call; JSON goes as raw UTF-8, since escapes would stand literally in a title."""
        watch.wire = Wire.NONE
        data = body if isinstance(body, FormData) else json.dumps(body, ensure_ascii=False).encode()
        headers = {} if isinstance(body, FormData) else {"Content-Type": "application/json; charset=utf-8"}
        try:
            with noted_in(watch):
                async with self._session().post(
                    self._base + path, params=query, data=data, headers=headers, allow_redirects=False
                ) as response:
                    return await _read(response)
        except (ClientError, OSError, TimeoutError) as error:
            return Broken(type(error).__name__, watch.wire.left)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    def _session(self) -> ClientSession:
        if self._client is None:
            context = ssl.create_default_context(cafile=certifi.where())
            connector = TCPConnector(resolver=Names(), ssl=context, limit=10, keepalive_timeout=KEEP_ALIVE)
            limits = ClientTimeout(total=self._timeout, sock_connect=CONNECT_TIMEOUT)
            self._client = ClientSession(connector=connector, timeout=limits, trace_configs=[tracing()])
        return self._client


async def _read(response: ClientResponse) -> Reply | Broken:
    """Read a bounded answer; status 200 says nothing, and anything that is no JSON object is no verdict."""
    body = b""
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            return Broken("the answer is too large", left=True)
    try:
        members = json.loads(body)
    except ValueError:
        return Broken(f"no JSON but status {response.status}", left=True)
    if not isinstance(members, dict) or not isinstance(members.get("errcode", 0), int):
        return Broken("an answer of another shape", left=True)
    return Reply(members.get("errcode", 0), str(members.get("errmsg", ""))[:300], members)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Requests to addresses that others chose: the address really dialled is judged, not the name that was written."""

import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import ClientConnectorError, ClientResponse, ClientSession, ClientTimeout, TCPConnector, TraceConfig
from yarl import URL

from app.domain.public import Place, is_public, objection
from app.names import Names
from app.settings import Settings

SECONDS, CONNECT = 10.0, 5.0
REDIRECTS = 3
CONNECTIONS = 640
"""At a time. Webhooks (288 calls of one process), callbacks (50) and questions share them: however many receivers
hang, there is one left for everybody else, and for a second kind with as many calls."""
SERVER_ERROR = 500
NOT_NOW = (408, 425, 429)


class BlockedError(OSError):
    """The address may not be spoken to."""


class FetchError(Exception):
    """What was asked for could not be had; the text says why, and nothing of what was answered."""

    def __init__(self, reason: str, *, final: bool = True) -> None:
        """Say whether asking again is any use."""
        super().__init__(reason)
        self.final = final


def cause(error: Exception) -> Exception:
    """Give what kept a request from its receiver; what is refused as it is dialled comes in an error of the client."""
    return error.os_error if isinstance(error, ClientConnectorError) else error


def reason(error: Exception) -> str:
    """Say why a request failed: in words what was refused, all else by its type, with nothing of what was answered."""
    why = cause(error)
    return str(why) if isinstance(why, FetchError | BlockedError) else type(error).__name__


@dataclass(frozen=True, slots=True)
class Fetched:
    content: bytes
    media_type: str


class Outgoing:
    """A client that speaks https to public addresses, and to the exceptions (host:port) an installation names."""

    def __init__(
        self,
        exceptions: Iterable[str] = (),
        trusted: ssl.SSLContext | None = None,
        traces: Sequence[TraceConfig] = (),
        names: Names | None = None,
    ) -> None:
        """Take the exceptions, other certificates to trust, who is told of each request, and who looks up names."""
        self._exceptions = frozenset(exceptions)
        self._context = trusted or ssl.create_default_context()
        self._traces, self._names = list(traces), names or Names()
        self._client: ClientSession | None = None

    @classmethod
    def of(cls, settings: Settings, traces: Sequence[TraceConfig] = ()) -> Self:
        trusted = ssl.create_default_context(cafile=settings.fetch_ca_file) if settings.fetch_ca_file else None
        return cls(settings.called_anyway, trusted, traces)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def fetch(self, href: str, most: int, redirects: int = REDIRECTS) -> Fetched:
        """Get at most `most` bytes, following few redirects, each judged anew. Raises FetchError."""
        url = URL(href)
        for _ in range(redirects + 1):
            self._judge(url)
            async with self._session().get(url, allow_redirects=False) as response:
                if response.status in (301, 302, 303, 307, 308):
                    url = url.join(URL(response.headers.get("Location", "")))
                    continue
                if response.status != 200:  # noqa: PLR2004 - OK
                    final = response.status < SERVER_ERROR and response.status not in NOT_NOW
                    raise FetchError(f"the server answers {response.status}", final=final)
                content = await _bounded(response.content, most)
                return Fetched(content, response.content_type)
        raise FetchError("too many redirects")

    def request(
        self, method: str, href: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> AbstractAsyncContextManager[ClientResponse]:
        """Send one request, following no redirect. Raises FetchError before anything is dialled that is not allowed."""
        url = URL(href)
        self._judge(url)
        timeout = ClientTimeout(total=seconds, sock_connect=min(seconds, CONNECT))
        return self._session().request(
            method, url, data=body or None, headers=headers, timeout=timeout, allow_redirects=False
        )

    def _judge(self, url: URL) -> None:
        """Refuse what no public https address looks like."""
        place = Place(url.scheme, url.raw_host or "", url.port, has_user=url.user is not None)
        reason = objection(place, self._exceptions)
        if reason is not None:
            raise FetchError(reason)

    def _session(self) -> ClientSession:
        if self._client is None:
            connector = TCPConnector(
                socket_factory=self._socket, resolver=self._names, ttl_dns_cache=0, ssl=self._context, limit=CONNECTIONS
            )  # nothing is remembered, but those who ask for one name at the same time share the question
            headers = {"User-Agent": "Campanella", "Accept-Encoding": "identity"}
            timeout = ClientTimeout(total=SECONDS, sock_connect=3)
            self._client = ClientSession(
                connector=connector, timeout=timeout, headers=headers, trace_configs=self._traces
            )
        return self._client

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Make the socket for the address that is really dialled, or refuse it: names and rebinding cannot help."""
        family, kind, protocol, _, address = info
        if f"{address[0]}:{address[1]}" not in self._exceptions and not is_public(str(address[0])):
            raise BlockedError("the address is not a public one")
        made = socket.socket(family, kind, protocol)
        made.settimeout(0)
        return made


async def _bounded(stream: Any, most: int) -> bytes:
    content = bytearray()  # which grows in place: each chunk would copy all that came before it
    async for chunk in stream.iter_chunked(1 << 16):
        content += chunk
        if len(content) > most:
            raise FetchError(f"larger than {most >> 20} MiB")
    return bytes(content)

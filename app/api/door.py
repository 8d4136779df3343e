# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is looked at before any route: where a request comes from, and whether it can be read at all."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from app.api.wrong_keys import WrongKeys
from app.domain.errors import (
    AddressTooLongError,
    CampanellaError,
    HeadersTooLargeError,
    InvalidHeaderError,
    InvalidParameterError,
    NotFoundError,
)
from app.networks import networks
from app.settings import Settings

LONGEST_ADDRESS = 4096
LARGEST_HEADERS = 16_384
MOST_HEADERS = 100
ONCE = (b"host", b"content-length", b"transfer-encoding")
"""Headers of which two would let two readers see two requests."""
PROBES = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked by machines, under whatever name they know this process by."""


class Door:
    """The rules of one installation for every request."""

    def __init__(self, settings: Settings) -> None:
        """Take the hosts that we answer to (none: any), the proxies that are believed, how many keys may be wrong."""
        self.wrong_keys = WrongKeys(settings.wrong_keys_per_minute)
        self._hosts = frozenset(host.strip().lower() for host in settings.hosts.split(",") if host.strip())
        self._proxies: Sequence[IPv4Network | IPv6Network] = networks(settings.trusted_proxies)

    def complaint(self, scope: Scope) -> CampanellaError | None:
        """Say why a request cannot be read, if so."""
        address = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        if address > LONGEST_ADDRESS:
            return AddressTooLongError(limit=LONGEST_ADDRESS)
        headers = scope["headers"]
        if len(headers) > MOST_HEADERS or sum(len(name) + len(value) + 4 for name, value in headers) > LARGEST_HEADERS:
            return HeadersTooLargeError(limit=LARGEST_HEADERS)
        return self._misled(scope) or _unreadable(scope)

    def caller(self, scope: Scope) -> str | None:
        """Give the address of whoever asks: the nearest one that is not a proxy of ours."""
        client = scope.get("client")
        near: str | None = client[0] if client else None
        if not self._proxies or near is None:
            return near
        told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
        for hop in [near, *reversed([hop.strip() for hop in told.split(",") if hop.strip()])]:
            if not self._is_proxy(hop):
                return near if not _is_address(hop) else hop
            near = hop
        return near

    def _is_proxy(self, hop: str) -> bool:
        return _is_address(hop) and any(ip_address(hop) in network for network in self._proxies)

    def _misled(self, scope: Scope) -> CampanellaError | None:
        names = [name for name, _ in scope["headers"] if name in ONCE]
        if b"host" not in names and scope.get("http_version") == "1.1":
            return _wrong_header("host", "A request of HTTP/1.1 names its host.")
        for name in names:
            if names.count(name) > 1:
                return _wrong_header(name.decode(), "This header is given more than once.")
        if self._hosts and scope["path"] not in PROBES and _host(scope) not in self._hosts:
            return _wrong_header("host", "This is not a name that the installation answers to.")
        return None


def _wrong_header(name: str, what: str) -> InvalidHeaderError:
    return InvalidHeaderError(what, errors=[{"parameter": name, "detail": what, "rule": "header"}])


def _host(scope: Scope) -> str:
    value: bytes = next((value for name, value in scope["headers"] if name == b"host"), b"")
    host = value.decode("latin-1").lower()
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host


def _is_address(hop: str) -> bool:
    try:
        ip_address(hop)
    except ValueError:
        return False
    return True


def _unreadable(scope: Scope) -> CampanellaError | None:
    """Refuse escapes that hide no text: they would reach the database as something else."""
    if not _is_text(scope.get("raw_path") or b""):
        return NotFoundError()
    if not _is_text(scope["query_string"]):
        return InvalidParameterError("The query holds bytes that are no text.")
    return None


def _is_text(raw: bytes) -> bool:
    if b"%" not in raw and raw.isascii():
        return True
    try:
        return "\x00" not in unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return False

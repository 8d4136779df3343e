# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The web addresses that may stand in a notice."""

import re
from urllib.parse import SplitResult, quote, urlsplit

from app.domain.spelling import SpellingError

MAX_ADDRESS = 2048
HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9-]{2,63}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>\\^`{|}')


def checked_link(address: str) -> str:
    """The address in its plain form (lower-case host, a path, escaped), or a `SpellingError` that says why not."""
    if len(address) > MAX_ADDRESS:
        raise SpellingError(f"a link is longer than {MAX_ADDRESS} characters")
    scheme = _SCHEME.match(address)
    if scheme is None:
        raise SpellingError("a link must be a whole address that begins with https://")
    if scheme[1].lower() not in {"http", "https"}:
        raise SpellingError(f"links to {scheme[0][:12].lower()} are not allowed, only http: and https:")
    return _written(_parts(address))


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 # the port is only read, and refused, on access
    except ValueError as error:
        raise SpellingError("a link has a host or port that cannot be read") from error
    if parts.username is not None:
        raise SpellingError("a link must not carry a user name or password")
    if not HOST.fullmatch(parts.hostname or ""):
        raise SpellingError("a link needs a host name such as www.comune.example.it")
    return parts


def _written(parts: SplitResult) -> str:
    port = f":{parts.port}" if parts.port else ""
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    rest = quote(f"{parts.path or '/'}{query}{fragment}", safe=_PLAIN)
    return f"{parts.scheme}://{parts.hostname}{port}{rest}"

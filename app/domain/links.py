# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The web addresses that may stand in a notice."""

import re
from collections.abc import Collection
from urllib.parse import SplitResult, quote, urlsplit

from app.domain.spelling import SpellingError

MAX_ADDRESS, MAX_WRITTEN = 2048, 200
ONLY_HTTPS = "links to {} are not allowed, only https:"
HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9-]{2,63}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>\\^`{|}')


def checked_link(address: str) -> str:
    """The address in its plain form (lower-case host, a path, escaped), or a `SpellingError` that says why not."""
    return _checked(address, {"https"})


def known_link(address: str) -> str:
    """The same of what is stored: notices of older rules may lead to http, which nobody may hand in any more."""
    return _checked(address, {"https", "http"})


def linked(title: str, address: str) -> tuple[str, str | None]:
    """What is shown of a link, and where it leads: an address that platforms refuse as a link is written out if short.

    Attachments may have one: they are fetched by it, and it is shown only where that failed.
    """
    try:
        return title, known_link(address)
    except SpellingError:
        return (f"{title}: {address}" if len(address) <= MAX_WRITTEN else title), None


def refuse_open(address: str | None) -> None:
    """Refuse an address that would be called without TLS; the rest of it has been looked at."""
    if address is not None and not address.startswith("https:"):
        raise SpellingError(ONLY_HTTPS.format("http:"))


def _checked(address: str, schemes: Collection[str]) -> str:
    if len(address) > MAX_ADDRESS:
        raise SpellingError(f"a link is longer than {MAX_ADDRESS} characters")
    scheme = _SCHEME.match(address)
    if scheme is None:
        raise SpellingError("a link must be a whole address that begins with https://")
    if scheme[1].lower() not in schemes:
        raise SpellingError(ONLY_HTTPS.format(scheme[0][:12].lower()))
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

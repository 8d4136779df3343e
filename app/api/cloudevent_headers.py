# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""CloudEvents in binary mode: attributes that travel as HTTP headers, as the HTTP binding 1.0.2 writes them."""

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from app.api.cloudevent import refused
from app.api.reading import plain_name

PREFIX = b"ce-"
PLAIN = re.compile(r"[\t\x20-\x7e]*")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
LOOSE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
NOT_A_HEADER = frozenset({"datacontenttype", "data"})


def is_announced(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether any header says that the body is the data of an event."""
    return any(name.startswith(PREFIX) for name, _ in headers)


def attributes_in(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Read the attributes, each once; the names are not checked yet. The headers' names are in small letters."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name.startswith(PREFIX):
            attribute = name[len(PREFIX) :].decode("latin-1")
            if attribute in found:
                raise refused(header(attribute), "This header is given twice.")
            if attribute in NOT_A_HEADER:
                raise refused(header(attribute), "In binary mode this is no header: Content-Type and body say it.")
            found[attribute] = decoded(attribute, value.decode("latin-1").strip(" \t"))
    return found


def decoded(attribute: str, value: str) -> str:
    """Undo the quotes, then exactly one round of percent-encoding."""
    if not PLAIN.fullmatch(value):
        raise refused(header(attribute), "Write what is not printable ASCII in percent-encoded UTF-8.")
    value = _without_quotes(attribute, value)
    if LOOSE_PERCENT.search(value):
        raise refused(header(attribute), "A percent sign stands before two hexadecimal digits; write it as %25.")
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise refused(header(attribute), "The percent-encoded bytes are not UTF-8.") from None


def header(attribute: str) -> dict[str, str]:
    """Name the place of an attribute for the problem; what is no name is not repeated."""
    return {"parameter": f"ce-{attribute}" if plain_name(attribute) == attribute else "ce-*"}


def _without_quotes(attribute: str, value: str) -> str:
    if '"' not in value:
        return value
    quoted = QUOTED.fullmatch(value)
    if quoted is None:
        raise refused(header(attribute), 'Quotes stand around the whole value; inside, write " as %22.')
    return re.sub(r"\\(.)", r"\1", quoted[1])

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""URIs and references as RFC 3986 spells them: a name compared letter by letter, never an address to go to."""

import re

_SIGN = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)"
_AUTHORITY = rf"//(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{{2}})*@)?{_HOST}(?::[0-9]*)?(?=[/?#]|$)"
_REST = rf"(?:{_AUTHORITY}|(?!//))(?:{_SIGN}|/)*(?:\?(?:{_SIGN}|[/?])*)?(?:#(?:{_SIGN}|[/?])*)?"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*:"
_URI = re.compile(_SCHEME + _REST)
# Without a scheme, a colon in the first part would be read as one.
_REFERENCE = re.compile(rf"(?:{_SCHEME}|(?![^/?#]*:)){_REST}")


def is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None


def is_uri_reference(text: str) -> bool:
    """Tell whether this is a URI or what may stand for one, such as /mensa; an empty text is none."""
    return bool(text) and _REFERENCE.fullmatch(text) is not None


def checked_event_source(text: str) -> str:
    if not is_uri_reference(text):
        raise ValueError("is neither a URI nor a reference to one (RFC 3986)")
    return text


def each_once(texts: list[str]) -> list[str]:
    if len(set(texts)) != len(texts):
        raise ValueError("names the same event source twice")
    return texts

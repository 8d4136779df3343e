# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Host names that are not what they seem: letters of several scripts, or a text that names another host."""

from functools import lru_cache
from urllib.parse import urlsplit

import regex

HOST = regex.compile(r"(?<![\w@.-])(?:https?://)?((?:[\p{L}\p{M}\p{N}_-]{1,63}\.){1,8}\p{L}{2,24})(?![\w-])")
_LATIN = regex.compile(r"\p{Latin}")
_OTHER = regex.compile(r"[^\P{L}\p{Latin}]")
_IDN = "xn--"


@lru_cache(maxsize=8)
def hosts_listed(text: str) -> tuple[str, ...]:
    """Read a list of host names with commas between them; ValueError for one that is none."""
    listed = tuple(each.strip().lower() for each in text.split(",") if each.strip())
    if not all(HOST.fullmatch(each) for each in listed):
        raise ValueError("names a host that is none; write them as comune.example.it, with commas between them")
    return listed


def hosts_in(text: str) -> list[str]:
    """The host names that a text shows, in small letters."""
    return [found[1].lower() for found in HOST.finditer(text)]


def host_of(address: str) -> str:
    return (urlsplit(address).hostname or "").lower()


def is_mixed(host: str) -> bool:
    """Whether one part of a host name mixes Latin letters with others, also where it is written as xn--."""
    labels = map(_spelt, host.split("."))
    return any(_LATIN.search(label) and _OTHER.search(label) for label in labels)


def is_disguised(host: str) -> bool:
    """Whether a host name shows letters other than Latin ones under a Latin top level, as look-alikes do."""
    labels = [_spelt(label) for label in host.split(".")]
    return _LATIN.search(labels[-1]) is not None and any(_OTHER.search(label) for label in labels)


def same_house(shown: str, target: str) -> bool:
    """Whether a host is the one that a text shows, but for www or a name in front."""
    plain = shown.removeprefix("www.")
    return target.removeprefix("www.") == plain or target.endswith(f".{plain}")


def _spelt(label: str) -> str:
    if not label.startswith(_IDN):
        return label
    try:
        return label.removeprefix(_IDN).encode().decode("punycode")
    except UnicodeError:
        return label

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Takes secrets out of whatever is about to be written down: log lines, tracebacks, error columns, problems."""

import json
import math
import re
import traceback
from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from pydantic import SecretStr
from pydantic_core import Url

from app.settings import Settings

OURS = re.compile(r"/(app|workers)/(?!.*site-packages)")
HIDDEN = "[hidden]"
SHORTEST = 4
"""Shorter configured passwords are not looked for: they would tear holes into every word."""
DEEPEST, LONGEST = 6, 20_000
QUOTE = r"\\{0,8}['\"]"
"""A quotation mark, also inside what was quoted before."""
WORDS = r"password|passwd|secret|token|api_?key"
FORMS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    # A bot token, in the path of a Bot API URL, where it may be of any length, or alone.
    (("/bot",), r"(?<=/bot)\d+(?::|%3[Aa])[^/\s\"'<>\\]+", HIDDEN),
    ((":", "%3a"), r"\d{5,20}(?::|%3[Aa])[A-Za-z0-9_-]{20,200}", HIDDEN),
    (("camp_",), r"camp_(live|test)_\w+", rf"camp_\1_{HIDDEN}"),
    (("whs",), r"whs(ec|k)_[A-Za-z0-9+/=]+", rf"whs\1_{HIDDEN}"),
    # The header as text, as a pair, as a member of a printed mapping; then the credentials alone.
    (
        ("authorization",),
        rf"(?i)(authorization(?:{QUOTE})?\s{{0,4}}[:=,]\s{{0,4}}(?:b?{QUOTE})?)[^'\"\\\r\n]+",
        rf"\1{HIDDEN}",
    ),
    (("bearer", "basic"), r"(?i)\b(bearer|basic)(\s{1,4})[A-Za-z0-9._~+/=-]{8,}", rf"\1\2{HIDDEN}"),
    # user:password@ in a URL of any scheme; a member of a query, a DSN, a printed mapping.
    (("@",), r"(?<=://)([^\s/@:'\"]*):[^\s/\"<>]*@", rf"\1:{HIDDEN}@"),
    (("=",), rf"(?i)((?:{WORDS})=(?:{QUOTE})?)[^\s&'\",;)}}\]]{{6,}}", rf"\1{HIDDEN}"),
    (("'", '"'), rf"(?i)((?:{WORDS}){QUOTE}: ?b?{QUOTE})[^'\"\\]+", rf"\1{HIDDEN}"),
    # What was handed in, which pydantic shows, cut in the middle.
    (("input_value=",), r"(input_value=)[^\n]{0,300}?(?=, input_type=)", rf"\1{HIDDEN}"),
)
PATTERNS = [(needles, re.compile(form), instead) for needles, form, instead in FORMS]
"""Each is only looked for in a text that holds one of its needles: nearly every text holds none."""
PLAIN = re.compile(r"[A-Za-z0-9.-]*")
"""Such as a number, a level, a name: no pattern is found without a blank or a sign."""
NAMES = re.compile(rf"(?i){WORDS}|authorization|cookie|admin_key|pepper")
"""Members whose text is hidden whatever it looks like; numbers stay, such as the token of a claim."""


class _Configured:
    """The secrets of this installation, found wherever they stand, also quoted or escaped."""

    secrets: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None


def hide(secrets: Iterable[str]) -> None:
    """Look for these secrets from now on, instead of those named before."""
    _Configured.secrets = frozenset(secrets)
    secrets = _Configured.secrets
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _spellings(secret)}
    longest_first = sorted(forms, key=len, reverse=True)
    _Configured.pattern = re.compile("|".join(map(_printed, longest_first))) if forms else None
    _named.cache_clear()


def hide_also(secrets: Iterable[str]) -> None:
    """Look for these secrets, too: those of a kind of channel with settings of its own."""
    hide(_Configured.secrets | frozenset(secrets))


def secrets_of(settings: Settings) -> list[str]:
    """List every secret that the settings hold."""
    given = [settings.telegram_token, settings.admin_key, settings.key_pepper]
    texts = [secret.get_secret_value() for secret in given if secret is not None]
    for several in (settings.secret_keys, settings.alarm_urls):
        texts += several.get_secret_value().replace(",", " ").split() if several is not None else []
    halves = [text.partition(":")[2] for text in texts]
    urls: list[Url] = [settings.database_url, settings.redis_url]
    return [*texts, *halves, *(url.password for url in urls if url.password)]


def scrubbed(text: str) -> str:
    """Return the text without any token, key, credentials or password."""
    if _Configured.pattern is not None:
        text = _Configured.pattern.sub(HIDDEN, text)
    if PLAIN.fullmatch(text):
        return text
    # Beyond ASCII the patterns see letters that small letters do not show, such as a long s.
    small = text.lower() if text.isascii() else None
    for needles, pattern, instead in PATTERNS:
        if small is None or _holds(small, needles):
            text = pattern.sub(instead, text)
    return text


def _holds(text: str, needles: Iterable[str]) -> bool:
    for needle in needles:  # noqa: SIM110 - half the time of any(), ten times for every member of a line
        if needle in text:
            return True
    return False


def place(error: BaseException) -> str:
    """Say where an exception came from, without its text, which may hold what people wrote: `claim.py:120`."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if OURS.search(frame.filename)] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "unknown"


def scrub(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Make an event safe and plain, as a step of the logging chain: what a renderer gets is text, numbers, lists."""
    return scrubbed_into({}, event)


def scrubbed_into(line: dict[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """Add an event's members to a line, safe and plain."""
    for name, value in event.items():
        safe, is_secret = _named(name)
        line[safe] = HIDDEN if is_secret and isinstance(value, str | bytes) else _plain(value, 0)
    return line


def _member(name: object, value: object, depth: int) -> tuple[str, Any]:
    safe, is_secret = _named(str(name))
    if is_secret and isinstance(value, str | bytes):
        return safe, HIDDEN
    return safe, _plain(value, depth)


@lru_cache(maxsize=1024)
def _named(name: str) -> tuple[str, bool]:
    """Make a member's name safe, and tell whether it names a secret: the same few names come again and again."""
    return scrubbed(name), NAMES.search(name) is not None


def _plain(value: object, depth: int) -> Any:
    if type(value) is str:  # nearly always
        return scrubbed(value) if len(value) < LONGEST else _short(scrubbed(value))
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else repr(value)
        case str():
            return _short(scrubbed(str(value)))
        case bytes() | bytearray():
            return _short(scrubbed(bytes(value).decode("utf-8", "backslashreplace")))
    return _composed(value, depth)


def _composed(value: object, depth: int) -> Any:
    if depth < DEEPEST and isinstance(value, Mapping):
        return dict(_member(name, inner, depth + 1) for name, inner in value.items())
    if depth < DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, depth + 1) for inner in value]
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, BaseException):
        return _short(scrubbed(f"{type(value).__name__}: {value}"))
    return _short(scrubbed(str(value)))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def _spellings(secret: str) -> set[str]:
    """Give a secret as it is, as URLs write it, and as JSON and Python write what is not ASCII."""
    plain = {secret, unquote(secret)}
    printed = {form(text)[1:-1] for form in (json.dumps, ascii) for text in plain}
    return plain | printed | {quote(text, safe="") for text in plain}


def _printed(spelling: str) -> str:
    """Find a spelling behind any number of reprs, each of which puts backslashes before quotes and backslashes."""
    escapes = {"'": r"\\*'", '"': r'\\*"', "\\": r"\\+"}
    return "".join(escapes.get(letter) or re.escape(letter) for letter in spelling)

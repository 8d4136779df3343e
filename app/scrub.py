# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Takes secrets out of whatever is about to be written down: log lines, tracebacks, error columns, problems."""

import json
import math
import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote, unquote

from pydantic import SecretStr
from pydantic_core import Url

from app.settings import Settings

HIDDEN = "[hidden]"
SHORTEST = 4
"""Shorter configured passwords are not looked for: they would tear holes into every word."""
DEEPEST, LONGEST = 6, 20_000
FORMS = [
    # A bot token, alone or in the path of a Bot API URL, where it may be of any length.
    (re.compile(r"(?<=/bot)\d+(?::|%3[Aa])[^/\s\"'<>\\]+"), HIDDEN),
    (re.compile(r"\d{5,20}(?::|%3[Aa])[A-Za-z0-9_-]{20,200}"), HIDDEN),
    (re.compile(r"camp_(live|test)_\w+"), rf"camp_\1_{HIDDEN}"),
    # The header as text, as a pair, as a member of a printed mapping; then the credentials alone.
    (
        re.compile(r"(?i)(authorization\\?['\"]?\s{0,4}[:=,]\s{0,4}b?\\?['\"]?)[^\s'\"\\]+(?: [^\s'\",)}\]\\]+)?"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)(\s{1,4})[A-Za-z0-9._~+/=-]{8,}"), rf"\1\2{HIDDEN}"),
    # user:password@ in a URL of any scheme.
    (re.compile(r"(?<=://)([^\s/@:'\"]*):[^\s/'\"]*@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"(?i)((?:password|passwd|secret|token|api_?key)=['\"]?)[^\s&'\",;)}\]]{6,}"), rf"\1{HIDDEN}"),
]
NAMES = re.compile(r"(?i)password|passwd|secret|token|authorization|cookie|admin_key|api_?key")
"""Members whose text is hidden whatever it looks like; numbers stay, such as the token of a claim."""


class _Configured:
    """The secrets of this installation, found wherever they stand, also quoted or escaped."""

    pattern: re.Pattern[str] | None = None


def hide(secrets: Iterable[str]) -> None:
    """Look for these secrets from now on, instead of those named before."""
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _spellings(secret)}
    longest_first = sorted(forms, key=len, reverse=True)
    _Configured.pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None


def secrets_of(settings: Settings) -> list[str]:
    """List every secret that the settings hold."""
    given = [settings.telegram_token, settings.admin_key]
    texts = [secret.get_secret_value() for secret in given if secret is not None]
    halves = [text.partition(":")[2] for text in texts]
    urls: list[Url] = [settings.database_url, settings.redis_url]
    return [*texts, *halves, *(url.password for url in urls if url.password)]


def scrubbed(text: str) -> str:
    """Return the text without any token, key, credentials or password."""
    if _Configured.pattern is not None:
        text = _Configured.pattern.sub(HIDDEN, text)
    for pattern, instead in FORMS:
        text = pattern.sub(instead, text)
    return text


def scrub(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Make an event safe and plain, as a step of the logging chain: what a renderer gets is text, numbers, lists."""
    return {scrubbed(str(name)): _member(str(name), value, 0) for name, value in event.items()}


def _member(name: str, value: object, depth: int) -> Any:
    if NAMES.search(name) and isinstance(value, str | bytes):
        return HIDDEN
    return _plain(value, depth)


def _plain(value: object, depth: int) -> Any:
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
        return {scrubbed(str(name)): _member(str(name), inner, depth + 1) for name, inner in value.items()}
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
    """Give a secret as it is, as URLs write it, and as JSON and Python print it."""
    plain = {secret, unquote(secret)}
    return (
        plain
        | {quote(text, safe="") for text in plain}
        | {json.dumps(text)[1:-1] for text in plain}
        | {repr(text)[1:-1] for text in plain}
    )

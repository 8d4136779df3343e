# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Prefer (RFC 7240): what a caller would like; one that cannot be read is none, and of two the first counts."""

import re

from starlette.requests import Request

HEADER = "Prefer"
LONGEST = 200
"""Characters; more are refused where a preference counts, and none of them is read."""
LENIENT = "handling=lenient"
ONE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
NAMED = re.compile(r'[ \t]*([!#-\'*+.^-z|~0-9A-Z-]+)(?:[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s";]*))?[ \t]*(?:;.*)?')


def given(request: Request) -> str:
    """Give all that is preferred as one line."""
    return ", ".join(request.headers.getlist(HEADER))


def preferences(request: Request) -> dict[str, str]:
    """Give each preference by its name in small letters, without its parameters; a value that is not there is empty."""
    found: dict[str, str] = {}
    line = given(request)
    for each in ONE.findall(line) if len(line) <= LONGEST else ():
        named = NAMED.fullmatch(each)
        if named is not None:
            value = named[2] or ""
            plain = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
            found.setdefault(named[1].lower(), plain)
    return found


def is_lenient(request: Request) -> bool:
    """Tell whether the good ones of a batch are wanted though others are not."""
    return preferences(request).get("handling", "").lower() == "lenient"


def seconds_to_wait(request: Request) -> int:
    """Give how long the caller would wait, 0 where it does not say."""
    value = preferences(request).get("wait", "")
    return int(value) if re.fullmatch("[0-9]{1,6}", value) else 0

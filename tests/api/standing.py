# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How a source stands with its quota, read from the headers of an answer as strictly as they are defined."""

from typing import Any

import http_sf

from tests.api.calling import Answer, Caller

TRIO = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]
WANTED = {"RateLimit": {"r"}, "RateLimit-Policy": {"q"}}
WHOLE = {"r": 0, "q": 0, "t": 0, "w": 1}


async def a_source(operator: Caller, minute: int | None = None, day: int | None = None) -> Caller:
    """Make a source with a quota of its own."""
    source = await operator.a_source()
    quota = {"requests_per_minute": minute, "requests_per_day": day}
    changed = await operator.patch(f"/v1/sources/{source.slug}", quota)
    assert changed.status == 200, changed.text
    return source


def parsed(name: str, text: str) -> dict[str, dict[str, Any]]:
    """Read one of the draft's fields as strictly as it is defined: a list of Strings with whole numbers."""
    found: dict[str, dict[str, Any]] = {}
    members: Any = http_sf.parse(text.encode(), tltype="list")
    for key, parameters in members:
        assert type(key) is str, "a String, no Token"
        assert WANTED[name] <= parameters.keys()
        assert all(type(value) is int and value >= WHOLE[each] for each, value in parameters.items())
        found[key] = parameters
    return found


def told(answer: Answer) -> dict[str, dict[str, Any]]:
    """Read all five fields and hold them against one another."""
    standing, policy = (parsed(name, answer.headers[name]) for name in ("RateLimit", "RateLimit-Policy"))
    assert standing.keys() == policy.keys()
    first = min(standing, key=lambda name: (standing[name]["r"], -standing[name]["t"]))
    trio = [policy[first]["q"], standing[first]["r"], standing[first]["t"]]
    assert trio == [int(answer.headers[name]) for name in TRIO]
    return standing

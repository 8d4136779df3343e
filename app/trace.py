# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where a request belongs in a caller's trace (W3C Trace Context, level 2), and how it is told to others.

A caller's `sampled` flag is passed on and never decides what we do ourselves.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, replace

PARENT = re.compile(r"(?P<version>[0-9a-f]{2})-(?P<id>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
MEMBER = re.compile(r"[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")
LENGTH = 55
"""Characters of a traceparent of version 00, and of the part of a later version that we can read."""
SAMPLED, RANDOM = 0x01, 0x02
MOST_MEMBERS = 32
LONGEST_STATE = 4096


@dataclass(frozen=True, slots=True)
class Trace:
    """One step of ours in a trace: `id` of the trace (32 hex digits), `span` of this step (16), flags, tracestate.

    `ours`: nobody named the trace, it began here.
    """

    id: str
    span: str
    flags: int = RANDOM
    state: str = ""
    ours: bool = False

    def __str__(self) -> str:
        return f"00-{self.id}-{self.span}-{self.flags:02x}"

    @property
    def headers(self) -> dict[str, str]:
        """What a call to somebody else carries."""
        return {"traceparent": str(self), **({"tracestate": self.state} if self.state else {})}

    def step(self, *what: object) -> "Trace":
        """Give a further step of the same trace: the same one again for the same names, such as an attempt's."""
        named = hashlib.sha256("/".join(map(str, what)).encode()).hexdigest() if what else secrets.token_hex(8)
        return replace(self, span=named[:16])


_CURRENT: ContextVar[Trace | None] = ContextVar("campanella_trace", default=None)


def current() -> Trace | None:
    """Give the trace of the request that is being answered, if any."""
    return _CURRENT.get()


def enter(trace: Trace) -> None:
    """Let everything that follows in this task belong to a trace."""
    _CURRENT.set(trace)


def begun() -> Trace:
    """Begin a trace of our own."""
    drawn = secrets.token_hex(24)
    return Trace(drawn[:32], drawn[32:], ours=True)


def received(headers: Iterable[tuple[bytes, bytes]]) -> Trace:
    """Go on with the trace that a request's headers (names in lower case) name, or begin one."""
    pairs = list(headers)
    parents = [value.decode("latin-1") for name, value in pairs if name == b"traceparent"]
    states = [value.decode("latin-1") for name, value in pairs if name == b"tracestate"]
    return continued(parents[0], ",".join(states)) if len(parents) == 1 else begun()


def continued(parent: str, state: str = "") -> Trace:
    """Go on with a trace by a step of our own, or begin one where `parent` cannot be read."""
    told = parsed(parent, state)
    return begun() if told is None else told.step()


def adopted(parent: object, state: object = "") -> Trace | None:
    """Go on with the trace that an event names by itself, where its request names none."""
    request = current()
    if not isinstance(parent, str) or (request is not None and not request.ours):
        return None
    told = parsed(parent, state if isinstance(state, str) else "")
    return None if told is None else told.step()


def onward(parent: str | None, state: str | None, *what: object) -> dict[str, str]:
    """Give the headers of a call to somebody else on behalf of a stored trace; `what` names the step, such as a try."""
    told = parsed(parent, state)
    return {} if told is None else told.step(*what).headers


def parsed(parent: str | None, state: str | None = "") -> Trace | None:
    """Read a traceparent and its tracestate as they stand; what we do not know of a later version is left out."""
    found = PARENT.match(parent or "")
    if parent is None or found is None or not _ends_well(parent, found["version"]):
        return None
    if found["id"] == "0" * 32 or found["span"] == "0" * 16:
        return None
    flags = int(found["flags"], 16) & (SAMPLED | RANDOM)
    return Trace(found["id"], found["span"], flags, _state(state or ""))


def _ends_well(parent: str, version: str) -> bool:
    if version == "ff":
        return False
    return len(parent) == LENGTH or (version != "00" and parent[LENGTH] == "-")


def _state(state: str) -> str:
    """Keep a tracestate that is well formed, and nothing of any other."""
    members = [member for member in (each.strip(" \t") for each in state.split(",")) if member]
    names = {member.partition("=")[0] for member in members}
    good = all(MEMBER.fullmatch(member) for member in members) and len(names) == len(members)
    return ",".join(members) if good and len(members) <= MOST_MEMBERS and len(state) <= LONGEST_STATE else ""

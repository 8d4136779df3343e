# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What goes wrong on request: which calls it befalls, and how often."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any

OVERSIZED_BYTES = 8 << 20


class FaultKind(StrEnum):
    """Every way in which a call can go wrong."""

    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    TOO_LARGE = "too_large"
    KICKED = "kicked"
    BLOCKED = "blocked"
    UNAUTHORIZED = "unauthorized"
    CHAT_NOT_FOUND = "chat_not_found"
    MIGRATED = "migrated"
    OK_FALSE_200 = "ok_false_200"
    LITERAL = "literal"

    RESET_BEFORE_READING = "reset_before_reading"
    CLOSE_BEFORE_READING = "close_before_reading"
    RESET_BEFORE_ACCEPTING = "reset_before_accepting"
    CLOSE_BEFORE_ACCEPTING = "close_before_accepting"
    HANG_BEFORE_ACCEPTING = "hang_before_accepting"

    ANSWER_RESET = "answer_reset"
    ANSWER_CLOSED = "answer_closed"
    ANSWER_HUNG = "answer_hung"
    LATE_ANSWER = "late_answer"
    CUT_BODY = "cut_body"
    EMPTY_RESULT = "empty_result"
    WRONG_SHAPE = "wrong_shape"
    OVERSIZED = "oversized"
    DELAYED = "delayed"
    BROKEN_ALBUM = "broken_album"


ANSWERED = frozenset(list(FaultKind)[:11])
UNREAD = frozenset({FaultKind.RESET_BEFORE_READING, FaultKind.CLOSE_BEFORE_READING})
BROKEN = frozenset(list(FaultKind)[11:16])
ACCEPTED = frozenset(list(FaultKind)[16:])


@dataclass(slots=True)
class Fault:
    """One fault: its kind, the calls it befalls, and the figures its kind needs.

    Without method or chat it befalls every call; `times` None is always; the first `after` calls are spared;
    `delay` seconds pass before anything happens. The faults that answer instead of the method leave the call
    undone, unless `accepted` says that it was done first. A call that is left undone is done all the same `lands`
    seconds later, if that is said. `lost`: the items of an album that never arrive.
    """

    kind: FaultKind
    method: str | None = None
    chat: int | None = None
    times: int | None = 1
    after: int = 0
    chance: float = 1.0
    delay: float = 0.0
    seconds: float = 1.0
    accepted: bool = False
    lands: float | None = None
    retry_after: int | None = None
    status: int | None = None
    description: str | None = None
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    migrate_to: int | None = None
    size: int = OVERSIZED_BYTES
    lost: Sequence[int] = ()
    id: int = field(default_factory=count(1).__next__)
    used: int = 0

    def __post_init__(self) -> None:
        self.kind = FaultKind(self.kind)

    def befalls(self, method: str, chat: int | str | None) -> bool:
        if self.method is not None and self.method.lower() != method.lower():
            return False
        return self.chat is None or self.chat == chat


class Faults:
    """The faults in force, oldest first; each call meets at most one."""

    def __init__(self, seed: int = 0) -> None:
        self.waiting: list[Fault] = []
        self.dice = random.Random(seed)  # noqa: S311 (a bench that can be repeated, not a secret)

    def add(self, kind: FaultKind | str, **figures: Any) -> Fault:
        fault = Fault(FaultKind(kind), **figures)
        self.waiting.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        self.waiting = [fault for fault in self.waiting if fault_id not in {None, fault.id}]

    def take_unread(self, method: str) -> Fault | None:
        """Give a fault that strikes before the body is read, when only the method is known."""
        candidates = [fault for fault in self.waiting if fault.kind in UNREAD and fault.chat is None]
        return self._take(candidates, method, None)

    def take(self, method: str, chat: int | str | None) -> Fault | None:
        candidates = [fault for fault in self.waiting if fault.kind not in UNREAD or fault.chat is not None]
        return self._take(candidates, method, chat)

    def _take(self, candidates: list[Fault], method: str, chat: int | str | None) -> Fault | None:
        for fault in candidates:
            if not fault.befalls(method, chat):
                continue
            if fault.after > 0:
                fault.after -= 1
            elif fault.chance >= 1 or self.dice.random() < fault.chance:
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        fault.used += 1
        if fault.times is not None and fault.used >= fault.times:
            self.waiting.remove(fault)

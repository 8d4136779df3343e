# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Turns notices away from their first bytes while the load is too much: to refuse must cost far less than to accept.

Only what came whole, is plain JSON and nowhere says that it is urgent is refused here; all else goes the usual way.
"""

import re
import secrets

from uuid_utils import uuid7

from app.api.admission import may_be_urgent
from app.api.crowd import Crowd, Rank
from app.api.problems import PUBLIC, REQUEST, SOONEST, SPREAD, problem
from app.domain.errors import ReducedCapacityError
from app.metrics import NOTICES
from app.traffic import count_refused

ONE = "/v1/notices"
START = re.compile(rb"POST (/v1/notices(?:/batch)?) HTTP/1\.1\r\n")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,5})\r\n")
JSON = re.compile(rb"\r\ncontent-type:[ \t]*application/json[ \t]*(?:;[ \t]*charset=\"?utf-8\"?[ \t]*)?\r\n")
ODD = re.compile(rb"\r\n(?:transfer-encoding|expect|upgrade|connection(?!:[ \t]*keep-alive\r\n))")
"""What changes how a request is read or answered: the parser knows."""
CLAIMED = re.compile(rb"\r\nauthorization:[ \t]*bearer[ \t]+camp_live_([0-9A-Za-z]{12})_", re.IGNORECASE)
"""The id of the key that comes with a request. Its secret is not looked at: to do so costs more than to refuse."""
NAMELESS = "without a key"
LANGUAGE = re.compile(rb"\r\n(accept-language):[ \t]*([^\r]*)")
BULK = re.compile(rb'"priority"\s*:\s*"bulk"')
END = b"\r\n\r\n"
NUMBER, WAIT = b"00000000-0000-0000-0000-000000000000", b"@@"
"""Stand where an answer has the id of its request, and the seconds after which to come back."""
NOT_YET = b""


class Porch:
    """The quick refusals of one process; `headers` are those that every answer has."""

    def __init__(self, public: str, crowd: Crowd, headers: list[tuple[bytes, bytes]]) -> None:
        """`crowd` says which rank is turned away at this moment."""
        self._public, self._crowd, self._headers = public, crowd, headers
        self._answers: dict[bytes, bytes] = {}

    def answer(self, data: bytes, inside: int) -> bytes | None:
        """Give the whole answer to a request that is refused, NOT_YET where its end is missing, or else None.

        `inside`: requests that this process has begun to answer.
        """
        refused = self._crowd.refused_among(inside)
        start = START.match(data) if refused >= Rank.BULK else None
        if start is None:
            return None
        head, end, body = data.partition(END)
        lower = (head + b"\r\n").lower()
        length = _length(lower) if end else None
        if length is None or len(body) > length:
            return None
        if len(body) < length:
            return NOT_YET
        path = start[1].decode()
        if may_be_urgent(body) or (refused == Rank.BULK and not _is_bulk(path, body)):
            return None
        claimed = CLAIMED.search(head)
        self._crowd.note_turned_away(claimed[1].decode() if claimed else NAMELESS)
        return self._refusal(path, lower)

    def _refusal(self, path: str, head: bytes) -> bytes:
        NOTICES.labels("refused").inc()
        count_refused("POST", path, ReducedCapacityError.status)
        found = LANGUAGE.search(head)
        wanted = found[2][:100] if found else b""
        answer = self._answers.get(wanted)
        if answer is None:
            answer = self._rendered([(b"accept-language", wanted)] if found else [])
            if len(self._answers) < 100:  # noqa: PLR2004 - callers choose these words
                self._answers[wanted] = answer
        wait = str(SOONEST + secrets.randbelow(SPREAD)).encode()
        return answer.replace(NUMBER, str(uuid7()).encode()).replace(WAIT, wait, 1)

    def _rendered(self, asked: list[tuple[bytes, bytes]]) -> bytes:
        """Write the answer as it would have been written further inside."""
        scope = {"type": "http", "method": "POST", "headers": asked, PUBLIC: self._public, REQUEST: NUMBER.decode()}
        response = problem(scope, ReducedCapacityError(violated=["load"]), {"Retry-After": WAIT.decode()})
        headers = [*response.raw_headers, (b"x-correlation-id", NUMBER), *self._headers]
        lines = [b"HTTP/1.1 503 Service Unavailable", *(name + b": " + value for name, value in headers)]
        return b"\r\n".join(lines) + END + bytes(response.body)


def _is_bulk(path: str, body: bytes) -> bool:
    """Tell whether all that is handed in is bulk; among several notices one may matter more than another."""
    return path == ONE and BULK.search(body) is not None


def _length(head: bytes) -> int | None:
    """Give the length of a body that every reader would find the same, in plain JSON; None for any other request."""
    found = LENGTH.search(head)
    plain = head.count(b"content-length") == 1 and head.count(b"\n") == head.count(b"\r\n")
    if found is None or not plain or JSON.search(head) is None or ODD.search(head) is not None:
        return None
    return int(found[1])

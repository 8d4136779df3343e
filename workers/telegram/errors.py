# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Telegram's answers, read once into our own words. The table is the whole knowledge; order matters."""

import json
import re
from collections.abc import Callable
from typing import Any

from app.domain.delivery import Action
from app.domain.outcome import (
    Absent,
    Delivered,
    Doubted,
    Failed,
    Foreign,
    Gone,
    Lost,
    Misconfigured,
    Moved,
    Outcome,
    Refused,
    Throttled,
    Unclear,
    Undecided,
    Undeletable,
    Wire,
    WithoutMedia,
)
from app.telemetry import UNCLASSIFIED, log
from workers.telegram.answers import (
    DELETED,
    GONE,
    LOST,
    MEDIA,
    NOT_OURS,
    NOT_THERE,
    REFUSED,
    REMOVED_AT_ONCE,
    THERE,
    UNDELETABLE,
)
from workers.telegram.session import Reply

THROTTLED_WITHOUT_A_TIME = 30.0
LONGEST_WAIT = 86_400.0
OK, BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_LARGE, THROTTLED, SERVER = (
    200,
    400,
    401,
    403,
    404,
    413,
    429,
    500,
)

_PREFIX = re.compile(
    r"^(bad request|forbidden|unauthorized|not found|conflict|internal server error|too many requests): "
)


def read(reply: Reply, intent_action: Action, candidate: str | None = None) -> Outcome:
    """Say what an answer means for a post, an edit or a probe (of `candidate`)."""
    answer = _json(reply.body)
    if answer is None:
        return _unreadable(reply.status)
    if answer.get("ok") is True:
        return _accepted(answer, intent_action, candidate)
    code = answer.get("error_code")
    if not isinstance(code, int) or code < BAD_REQUEST:  # JSON of a proxy, which may have handed the call on
        return _unreadable(reply.status)
    text = str(answer.get("description") or "no description")[:300]
    plain = _PREFIX.sub("", text.lower())
    return _by_parameters(answer.get("parameters"), code) or _refusal(code, plain, text, intent_action, candidate)


def broke(error: Exception, wire: Wire) -> Outcome:
    """Say what a call without an answer means: what never left is tried again, all else is in doubt."""
    name = type(error).__name__
    return Doubted(f"no answer after the request had left: {name}") if wire.left else Failed(f"never left: {name}")


def has_changed(reply: Reply) -> bool:
    """Tell whether an edit was carried out: then something else stood there before."""
    return (_json(reply.body) or {}).get("ok") is True


def standing(reply: Reply) -> dict[str, Any] | None:
    """Give how a member stands to a chat, if that is what was answered."""
    member = (_json(reply.body) or {}).get("result")
    return member if isinstance(member, dict) and "status" in member else None


def _json(body: bytes | None) -> dict[str, Any] | None:
    try:
        answer = json.loads(body or b"")
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _unreadable(status: int) -> Outcome:
    """Read what is not Telegram's, a page of a proxy or its JSON, by its status alone."""
    if status == TOO_LARGE:
        return Refused("Telegram refuses the size of the request (413)")
    if status == THROTTLED:
        return Throttled(THROTTLED_WITHOUT_A_TIME)
    if BAD_REQUEST <= status < SERVER:
        return Failed(f"an answer that is not Telegram's, HTTP status {status}")
    return Doubted(f"an answer that is not Telegram's, HTTP status {status}")


def _accepted(answer: dict[str, Any], action: Action, candidate: str | None) -> Outcome:
    """Believe a yes only with the message that it is about; without one an edit or a question is made again."""
    result = answer.get("result")
    if action is Action.DELETE and result is True:
        return Delivered()
    numbers = [_number(message) for message in (result if isinstance(result, list) else [result])]
    if not numbers or None in numbers:
        return Doubted("Telegram accepted it without saying where it is")
    if action is not Action.POST:
        return Delivered((candidate,) if candidate else ())
    return Delivered(tuple(str(number) for number in numbers))


def _number(message: object) -> int | None:
    number = message.get("message_id") if isinstance(message, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _by_parameters(parameters: object, code: int) -> Outcome | None:
    if not isinstance(parameters, dict):
        return Throttled(THROTTLED_WITHOUT_A_TIME) if code == THROTTLED else None
    moved, wait = parameters.get("migrate_to_chat_id"), parameters.get("retry_after")
    if isinstance(moved, int):
        return Moved(str(moved))
    if isinstance(wait, int | float) and wait > 0:
        return Throttled(min(float(wait), LONGEST_WAIT))
    return Throttled(THROTTLED_WITHOUT_A_TIME) if code == THROTTLED else None


def _refusal(code: int, plain: str, text: str, action: Action, candidate: str | None) -> Outcome:
    if code in (BAD_REQUEST, FORBIDDEN):
        return _bad_request(plain, text, action, candidate)
    if code >= SERVER:
        return _server_error(plain, text)
    if code in (UNAUTHORIZED, NOT_FOUND, 406, 409, 421):
        return Misconfigured(f"Telegram refuses our bot: {text}")
    return Refused(text)


def _bad_request(plain: str, text: str, action: Action, candidate: str | None) -> Outcome:
    if action is not Action.POST and _starts(plain, THERE):
        return Delivered((candidate,) if candidate else ())
    if action in UNLIKE_THE_OTHERS:
        return UNLIKE_THE_OTHERS[action](plain, text)
    meanings: dict[str, Callable[[str], Outcome]] = {GONE: Gone, MEDIA: WithoutMedia, REFUSED: Refused}
    if action is Action.EDIT:
        meanings = {GONE: Gone, LOST: Lost, NOT_OURS: Undecided, **meanings}
    for rows, meaning in meanings.items():
        if _starts(plain, rows):
            return meaning(text)
    UNCLASSIFIED.labels("telegram").inc()
    log.warning("answer.unclassified", kind="telegram", reason=text)
    return Refused(text)


def _probed(plain: str, text: str) -> Outcome:
    if _starts(plain, NOT_THERE):
        return Absent()
    if _starts(plain, NOT_OURS):
        return Foreign()
    return Gone(text) if _starts(plain, GONE) else Unclear(f"Telegram could not be asked: {text}")


def _undeleted(plain: str, text: str) -> Outcome:
    """Read what a deletion met: what is gone already is deleted, and what stays can still be struck."""
    if _starts(plain, DELETED):
        return Delivered()
    if _starts(plain, GONE) and not _starts(plain, UNDELETABLE):
        return Gone(text)
    return Undeletable(text)


UNLIKE_THE_OTHERS = {Action.PROBE: _probed, Action.DELETE: _undeleted}


def _server_error(plain: str, text: str) -> Outcome:
    """Whatever was asked may have been taken before the error, and may yet land; of what can be repeated that rests."""
    if _starts(plain, REMOVED_AT_ONCE):
        return Refused("Telegram posted it and removed it at once")
    return Doubted(text)


def _starts(plain: str, rows: str) -> bool:
    return re.match(f"(?:{rows})", plain) is not None

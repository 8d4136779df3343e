# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Answers as bytes: what Telegram says, and what stands in its way says instead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from deploy.sandbox.chats import Chat, Kind
from deploy.sandbox.faults import Fault, FaultKind
from deploy.sandbox.refusals import RefusedError, Why, bad_request, forbidden, too_many_requests

JSON = "application/json"
OK = 200
BROKEN_OFF = 'Failed to send message #1 with the error message "Too Many Requests: retry after {}"'
HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, a body and its headers."""

    body: bytes
    status: int = OK
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        return web.Response(
            body=self.body, status=self.status, content_type=self.content_type, headers=self.headers or None
        )


def succeeded(result: Any) -> Reply:
    return Reply(msgspec.json.encode({"ok": True, "result": result}))


def refused(error: RefusedError, status: int | None = None) -> Reply:
    answer: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    headers = {}
    if error.parameters:
        answer["parameters"] = error.parameters
    if "retry_after" in error.parameters:
        headers["Retry-After"] = str(error.parameters["retry_after"])
    return Reply(msgspec.json.encode(answer), status or error.code, headers=headers)


def page(title: str, status: int) -> Reply:
    return Reply(HTML.format(title).encode(), status, "text/html")


def server_error(fault: Fault, chat: Chat | None) -> Reply:  # noqa: ARG001 (all builders are called alike)
    code = fault.status or 500
    answer: dict[str, Any] = {"ok": False, "error_code": code}
    if fault.description is not None:
        answer["description"] = fault.description
    return Reply(msgspec.json.encode(answer), code)


def bad_gateway(fault: Fault, chat: Chat | None) -> Reply:  # noqa: ARG001
    return page("502 Bad Gateway", fault.status or 502)


def too_large(fault: Fault, chat: Chat | None) -> Reply:  # noqa: ARG001
    return page("413 Request Entity Too Large", fault.status or 413)


def literal(fault: Fault, chat: Chat | None) -> Reply:  # noqa: ARG001
    headers = {name: value for name, value in fault.headers.items() if name.lower() != "content-type"}
    content_type = next((value for name, value in fault.headers.items() if name.lower() == "content-type"), JSON)
    return Reply((fault.body or "").encode(), fault.status or 200, content_type, headers)


def ok_false_200(fault: Fault, chat: Chat | None) -> Reply:  # noqa: ARG001
    return refused(RefusedError(fault.status or 400, fault.description or Why.CHAT_NOT_FOUND), status=200)


def told(make: Callable[[Fault, Chat | None], RefusedError]) -> Callable[[Fault, Chat | None], Reply]:
    return lambda fault, chat: refused(make(fault, chat))


def kicked(fault: Fault, chat: Chat | None) -> RefusedError:  # noqa: ARG001
    return forbidden(Why.KICKED, kind=chat.kind if chat else Kind.CHANNEL)


def migrated(fault: Fault, chat: Chat | None) -> RefusedError:
    target = fault.migrate_to or (chat and chat.migrated_to) or -1_009_000_000_001
    return RefusedError(400, Why.UPGRADED, migrate_to_chat_id=target)


INSTEAD: dict[FaultKind, Callable[[Fault, Chat | None], Reply]] = {
    FaultKind.THROTTLED: told(lambda fault, _: too_many_requests(fault.retry_after)),
    FaultKind.SERVER_ERROR: server_error,
    FaultKind.BAD_GATEWAY: bad_gateway,
    FaultKind.TOO_LARGE: too_large,
    FaultKind.KICKED: told(kicked),
    FaultKind.BLOCKED: told(lambda *_: forbidden(Why.BLOCKED)),
    FaultKind.UNAUTHORIZED: told(lambda *_: RefusedError(401, "")),
    FaultKind.CHAT_NOT_FOUND: told(lambda *_: bad_request(Why.CHAT_NOT_FOUND)),
    FaultKind.MIGRATED: told(migrated),
    FaultKind.OK_FALSE_200: ok_false_200,
    FaultKind.LITERAL: literal,
}


def spoiled(fault: Fault, reply: Reply) -> Reply:
    """Change the answer to a call; a refusal stays one, for nobody makes a yes of a no."""
    match fault.kind:
        case FaultKind.EMPTY_RESULT if reply.status == OK:
            return succeeded({})
        case FaultKind.WRONG_SHAPE if reply.status == OK:
            return Reply(wrong_shape(reply.body))
        case FaultKind.OVERSIZED:
            padding = b',"padding":"' + b"x" * fault.size + b'"}'
            return Reply(reply.body[:-1] + padding, reply.status)
        case FaultKind.BROKEN_ALBUM if reply.status == OK:
            return refused(bad_request(fault.description or BROKEN_OFF.format(fault.retry_after or 1)))
    return reply


def wrong_shape(body: bytes) -> bytes:
    """Keep the message ids, but make everything around them what no client has a model for."""
    answer = msgspec.json.decode(body)
    result = answer.get("result")
    if isinstance(result, dict):
        answer["result"] = {"message_id": result.get("message_id"), "chat": "?", "date": "yesterday", "text": 7}
    else:
        answer["result"] = {"value": result}
    return msgspec.json.encode(answer)

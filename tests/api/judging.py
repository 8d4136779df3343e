# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Read by schemathesis when it starts: two checks of our own beside its others, and what makes it reach far."""

from typing import Any, cast
from urllib.parse import quote

import schemathesis
from hypothesis import Phase, settings
from schemathesis import Case, HookContext
from schemathesis.checks import CheckContext
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.generation.meta import TestPhase
from schemathesis.specs.openapi.checks import use_after_free

from tests.api.conforming import HANDING_IN, complaint

KEY, REPLY_TO = "Idempotency-Key", "X-ReplyTo"
UNSEEN = {"DPoP", "Agid-JWT-Signature", "Agid-JWT-TrackingEvidence", "Digest"}
JSON, EVENT, NEEDED = "application/json", "Ce-", {"Ce-Specversion", "Ce-Id", "Ce-Source", "Ce-Type"}
# All examples are drawn afresh. Otherwise half of them are neighbours of one that was accepted, since schemathesis
# has Hypothesis climb towards acceptance, of which there is no more than once accepted.
settings.register_profile("afresh", phases=[Phase.explicit, Phase.generate, Phase.shrink], database=None)
settings.load_profile("afresh")


@schemathesis.hook
def before_load_schema(_: HookContext, raw_schema: dict[str, Any]) -> None:
    """Leave out what is looked at beside a voucher or of a signer only: in a trial any value of it is good."""
    for operation in (each for item in raw_schema["paths"].values() for each in item.values()):
        given = operation.get("parameters", [])
        given[:] = [each for each in given if each["name"] not in UNSEEN]


@schemathesis.hook
def map_headers(_: HookContext, headers: dict[str, Any] | None) -> dict[str, Any] | None:
    """Name a callback now and then only: nearly every address is nobody's, and refused before anything is read."""
    if headers and len(headers) > 1 and str(headers.get(REPLY_TO)).startswith("https://"):
        return {name: value for name, value in headers.items() if name != REPLY_TO}
    return headers


@schemathesis.hook
def before_call(_: HookContext, case: Case[Any], __: dict[str, Any]) -> None:
    """Say what no schema can: the headers of an event belong together, and a key to one request.

    And leave the source that hands in as it is: lists name it, too.
    """
    if case.path_parameters.get("slug") == HANDING_IN:
        case.path_parameters["slug"] = "scuola"
    if not _is_stripped(case):
        _put_event_together(case)
        _make_key_fresh(case)


def _put_event_together(case: Case[Any]) -> None:
    """Keep the headers of binary mode where all are there beside a good notice, or where one of them is to be wrong.

    Beside another media type they do not count, so that a wrong one is none there.
    """
    given, body = [name for name in case.headers if name.startswith(EVENT)], cast("Any", case.body)
    if not given or (case.media_type == JSON and _is_wrong(case, ParameterLocation.HEADER)):
        return
    if case.media_type == JSON and set(given) >= NEEDED and not _is_wrong(case, ParameterLocation.BODY):
        if isinstance(body, dict) and isinstance(body.get("event_id"), str):
            case.headers["Ce-Id"] = quote(body["event_id"], safe="")
        return
    for name in given:
        del case.headers[name]


def _is_wrong(case: Case[Any], where: ParameterLocation) -> bool:
    """Tell whether that part of a request is meant to break the schema."""
    return case.meta is not None and case.meta.is_negative_at(where)


def _make_key_fresh(case: Case[Any]) -> None:
    """Give the documented example of a key to one request only: else all others would be answered by the first.

    Along links every key: an answer that is repeated tells of what may be gone since.
    """
    shown, given = case.operation.headers.get(KEY), case.headers.get(KEY)
    if shown is None or given is None:
        return
    if given == shown.definition.get("example"):
        case.headers[KEY] = f"{given}-{case.id}"
    elif case.meta and case.meta.phase.name == TestPhase.STATEFUL and not _is_wrong(case, ParameterLocation.HEADER):
        case.headers[KEY] = case.id


def _is_stripped(case: Case[Any]) -> bool:
    """Tell whether this is the call without a key, which must stay as it is."""
    told = case.meta and case.meta.phase.data
    return getattr(told, "parameter", None) == "Authorization"


@schemathesis.serializer("application/cap+xml", "application/xml")
def as_it_is(_: Any, value: Any) -> bytes:
    """Send XML as the text that it is."""
    return str(value).encode("utf-8", "surrogatepass")


@schemathesis.check
def conforming_requests_are_taken(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """Let a request that keeps the schema be refused only for what no schema can tell."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    operation: str = case.operation.definition.raw["operationId"]
    is_told = response.headers.get("content-type", [""])[0].endswith("json")
    body: Any = response.json() if is_told else None
    said = complaint(operation, response.status_code, body)
    assert said is None, said


@schemathesis.check
def what_was_deleted_is_gone(context: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """Stand in for `use_after_free`: a key that was revoked is shown for ever, since the audit log speaks of it."""
    return (
        None
        if case.operation.definition.raw["operationId"].endswith("_key")
        else use_after_free(context, response, case)
    )

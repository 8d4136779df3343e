# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What may be answered to a request that keeps the schema: a good answer, or one of these refusals and no other.

Each is for something that no schema can tell. Where an answer names places, each must be one of those named here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

HANDING_IN = "anagrafe"
"""The source whose key hands in: nobody changes it, or its quotas would decide what is answered."""
Refusal = tuple[str, int, str]
"""The operation, the status, and the last part of the problem's type."""

SLUGGED = (
    "show_channel change_channel retire_channel check_channel make_channel_secret list_pushes enter_push show_service "
    "show_source change_source issue_source_key list_source_keys show_source_key revoke_source_key"
)
NUMBERED = (
    "show_notice amend_notice list_deliveries withdraw_notice approve_text countersign_notice show_callback "
    "change_callback retire_callback make_callback_secret list_calls check_callback recover_calls "
    "replay_missing_calls replay_call show_key revoke_key redrive_dead_letter decide_delivery choose_push"
)
LISTS = (
    "list_notices list_deliveries list_channels list_callbacks list_calls list_services list_sources list_source_keys "
    "list_keys list_dead_letters list_held list_choices list_pushes list_acts"
)
HANDED_IN = "hand_in_notice hand_in_batch"
KEPT = "make_callback make_callback_secret make_channel_secret enter_push"
ACTS = (
    "amend_notice withdraw_notice approve_text countersign_notice make_channel change_channel retire_channel "
    "check_channel change_callback retire_callback check_callback recover_calls replay_missing_calls replay_call "
    "name_service change_source revoke_source_key revoke_key redrive_dead_letter redrive_dead_letters decide_delivery "
    f"decide_held choose_pushes choose_push make_source issue_key issue_source_key {KEPT}"
)
"""What the audit log keeps, with a reason in percent escapes."""
ONCE = f"{HANDED_IN} make_source make_channel issue_key issue_source_key {KEPT}"
TOLD = r"/audience/(grades|schools|areas)/\d+"
DAYS = "/(valid_from|valid_until|publish_at|expires_at)"
WRITTEN = (
    rf"|/texts/[^/]+/(title|short_title|summary|body|what_to_do/\d+)|{TOLD}|{DAYS}"
    r"|/(links|attachments)/\d+/(title|href)|/contacts/\d+/(label|hours)"
)
"""Whether a text shows something, whether a day and a host exist; and of the whole whether its times are in order."""
SAID = f"{WRITTEN}|/event_id"
"""Also whether the notice's own id is that of the event around it."""
EVENT = r"/([a-z0-9_]+|\(withheld\))|ce-[a-z]+"
"""Whether a time has come, how many bytes a text has, whether there are more extensions than we keep."""
BULLETIN = r"/id|/(today|tomorrow)(/features/\d+(/properties(/[^/]+)?)?)?"
ALERT = "(/alert.*)?"


def _each(operations: str, status: int, problem: str, places: str = "") -> dict[Refusal, str]:
    return {(operation, status, problem): places for operation in operations.split()}


MAY_BE: Mapping[Refusal, str] = {
    # What a path or a cursor names: whether it is there, whether we have signed it.
    **_each(f"{SLUGGED} {NUMBERED}", 404, "not-found"),
    **_each(LISTS, 400, "invalid-cursor"),
    # What percent escapes say: whether it is UTF-8, and a line of plain text.
    **_each(ACTS, 400, "invalid-header", "Campanella-Reason"),
    # What was sent before, under the same key or the same name.
    **_each(ONCE, 422, "idempotency-key-reused"),
    **_each("hand_in_notice", 409, "event-exists", "/event_id|/alert/identifier"),
    **_each("make_source make_channel", 409, "state-conflict"),
    **_each("make_callback", 409, "state-conflict", "/url"),
    **_each("change_source", 409, "state-conflict", "/vouchers"),
    **_each("name_service", 412, "precondition-failed"),
    # Where a thing stands at present.
    **_each("hand_in_notice", 409, "state-conflict", ALERT),
    **_each("amend_notice", 409, "state-conflict", "/event_id"),
    **_each("make_channel_secret recover_calls replay_missing_calls replay_call", 409, "state-conflict"),
    **_each("redrive_dead_letter decide_delivery choose_push issue_source_key", 409, "state-conflict"),
    **_each("approve_text", 409, "state-conflict", "/language"),
    **_each("countersign_notice", 409, "state-conflict"),
    **_each("choose_pushes", 409, "state-conflict", r"/deliveries(/\d+)?"),
    **_each("amend_notice withdraw_notice", 412, "precondition-failed"),
    # What this installation has.
    **_each("hand_in_notice preview_notice amend_notice", 422, "unknown-service", "/service"),
    **_each("make_source change_source", 422, "unknown-service", r"/services/\d+"),
    **_each("make_channel change_channel", 422, "unknown-service", r"/audience/services/\d+"),
    **_each("make_callback", 422, "invalid-body", "/source|/url"),
    **_each(HANDED_IN, 400, "invalid-header", "X-ReplyTo"),
    **_each("hand_in_notice", 403, "forbidden", "/source|ce-source"),
    **_each("preview_notice", 400, "invalid-parameter", "source"),
    **_each("preview_notice", 403, "forbidden"),
    # What is in a text or a number.
    **_each("preview_notice amend_notice", 422, "invalid-notice", WRITTEN),
    **_each("hand_in_batch", 422, "invalid-notice", rf"/\d+({WRITTEN}|/service|/event_id)"),
    **_each("hand_in_notice", 422, "invalid-notice", rf"(/\d+)?({EVENT}|(/data)?({SAID}))|{BULLETIN}|{ALERT}"),
    **_each("hand_in_notice", 400, "invalid-event", EVENT),
    **_each("hand_in_notice", 400, "malformed-body"),
    **_each(f"{HANDED_IN} amend_notice", 422, "personal-data", r"(/\d+)?(/data)?/.*"),
    **_each("make_channel", 422, "invalid-channel"),
    **_each("make_channel change_channel", 422, "invalid-body", rf"/title|/address|{TOLD}"),
    **_each("make_source change_source", 422, "invalid-body", r"/name|/(event_sources|signers)(/\d+)?"),
    **_each("name_service approve_text", 422, "invalid-body", "/name"),
    **_each("countersign_notice", 422, "invalid-body", "/name|/break_glass"),
    **_each("issue_key issue_source_key", 422, "invalid-body", r"/label|/(networks|scopes)/\d+|/not_before"),
    **_each("enter_push", 422, "invalid-body", "/at|/note"),
    **_each("decide_delivery", 422, "invalid-body", r"/references/\d+"),
    **_each("recover_calls replay_missing_calls", 422, "invalid-body", "/since"),
    **_each("redrive_dead_letters decide_held", 422, "invalid-body", "/before"),
    **_each("list_acts", 400, "invalid-parameter", "since|until"),
}
"""Each with the places (a regular expression) that may be named as wrong; nothing: none is named."""


def complaint(operation: str, status: int, body: Any) -> str | None:
    """Say what is wrong with the answer to a conforming request; None: nothing."""
    if 200 <= status < 300 or (operation == "show_notice" and status == 304):
        return None
    if body is None:
        return f"{operation} may not answer {status}"
    problem = re.split("[/#]", body["type"])[-1]
    allowed = MAY_BE.get((operation, status, problem))
    if allowed is None:
        return f"{operation} may not answer {status} {problem} to what keeps its schema: {body['detail']}"
    foreign = [place for place in _places(body) if not re.fullmatch(f"#?({allowed})", place)]
    return f"{operation} may not find fault with {', '.join(foreign)}: {body['detail']}" if foreign else None


def _places(body: Any) -> Iterator[str]:
    yield from (place.get("pointer") or place["parameter"] for place in body.get("errors", ()))

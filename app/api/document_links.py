# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What an answer leads to: the operations that take what it gives, as OpenAPI links."""

from typing import Any

Link = dict[str, Any]


def _link(operation: str, **parameters: str) -> Link:
    """Link to an operation; what it takes is in the body of the answer, or was in the path of the request."""
    said = {
        name: f"${'request' if where.startswith('path') else 'response'}.{where}" for name, where in parameters.items()
    }
    return {"operationId": operation, "parameters": said}


def _all_of(operations: str, **parameters: str) -> dict[str, Link]:
    """Link to several operations that take the same; a link is named as its operation, in PascalCase."""
    return {each.title().replace("_", ""): _link(each, **parameters) for each in operations.split()}


NOTICE = _all_of(
    "show_notice list_deliveries amend_notice approve_text countersign_notice withdraw_notice", notice_id="body#/id"
)
CHANNEL = _all_of(
    "show_channel change_channel check_channel make_channel_secret list_pushes enter_push retire_channel",
    slug="body#/slug",
)
SOURCE = _all_of("show_source change_source issue_source_key list_source_keys", slug="body#/slug")
CALLBACK = _all_of(
    "show_callback change_callback make_callback_secret list_calls check_callback recover_calls replay_missing_calls "
    "retire_callback",
    callback_id="body#/id",
)
OPEN_END = {"notice_id": "body#/items/0/notice/id"}
LINKS: dict[str, dict[str, Link]] = {
    "hand_in_notice": NOTICE,
    "amend_notice": NOTICE,
    "withdraw_notice": _all_of("show_notice list_deliveries", notice_id="body#/id"),
    "approve_text": NOTICE,
    "countersign_notice": NOTICE,
    "list_notices": _all_of("show_notice list_deliveries", notice_id="body#/items/0/id"),
    "make_channel": CHANNEL,
    "list_channels": _all_of("show_channel", slug="body#/items/0/slug"),
    "name_service": _all_of("show_service", slug="body#/slug"),
    "list_services": _all_of("show_service", slug="body#/items/0/slug"),
    "make_source": SOURCE,
    "list_sources": _all_of("show_source", slug="body#/items/0/slug"),
    "issue_key": _all_of("show_key revoke_key", key_id="body#/id"),
    "issue_source_key": _all_of("show_source_key revoke_source_key", slug="path.slug", key_id="body#/id"),
    "list_source_keys": _all_of("show_source_key", slug="path.slug", key_id="body#/items/0/id"),
    "make_callback": CALLBACK,
    "list_callbacks": _all_of("show_callback list_calls", callback_id="body#/items/0/id"),
    "list_calls": _all_of("replay_call", callback_id="path.callback_id", call_id="body#/items/0/id"),
    "list_choices": _all_of("choose_push", delivery_id="body#/items/0/delivery_id"),
    "list_keys": _all_of("show_key", key_id="body#/items/0/id"),
    "list_dead_letters": _all_of("redrive_dead_letter", delivery_id="body#/items/0/delivery_id")
    | _all_of("show_notice", **OPEN_END),
    "list_held": _all_of("decide_delivery", delivery_id="body#/items/0/delivery_id")
    | _all_of("show_notice", **OPEN_END),
}


def with_links(operations: dict[str, Any]) -> dict[str, Any]:
    """Add its links to the good answer of each operation, to the usual one where there are several."""
    for methods in operations.values():
        for operation in methods.values():
            good = min((status for status in operation["responses"] if status.startswith("2")), key=_unusual)
            if links := LINKS.get(operation["operationId"]):
                operation["responses"][good]["links"] = links
    return operations


def _unusual(status: str) -> tuple[bool, str]:
    return status != "202", status

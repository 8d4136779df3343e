# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Cut a Bot API specification down to what the sandbox checks: `python -m deploy.sandbox.trim API.json > bot-api.json`.

The source is the api.json of PaulSonOfLars/telegram-bot-api-spec (MIT); names and types are taken, no sentences.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

METHODS = [
    "getMe",
    "getChat",
    "getChatMember",
    "getChatAdministrators",
    "getUpdates",
    "deleteWebhook",
    "sendMessage",
    "sendPhoto",
    "sendDocument",
    "sendMediaGroup",
    "sendChatAction",
    "editMessageText",
    "editMessageCaption",
    "editMessageMedia",
    "editMessageReplyMarkup",
    "deleteMessage",
    "deleteMessages",
    "forwardMessage",
    "copyMessage",
    "pinChatMessage",
    "unpinChatMessage",
]
LATER_THAN_10_1 = {
    "sendMessage": {
        "receiver_user_id": "Integer",
        "callback_query_id": "String",
        "ephemeral_message_parameters": "JSON",
    }
}
PLAIN = {"Integer", "Float", "String", "Boolean", "True", "InputFile", "JSON"}
ALWAYS = re.compile(r"(?:must be|always) \W?(\w+)\W?$")


def shape_of(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Sort the fields of a method or type into required and optional ones, and those with one fixed value."""
    shape: dict[str, Any] = {"required": {}, "optional": {}}
    for field in fields:
        kind = "required" if field["required"] else "optional"
        shape[kind][field["name"]] = " or ".join(field["types"])
        fixed = ALWAYS.search(field["description"])
        if field["name"] == "type" and fixed:
            shape.setdefault("always", {})["type"] = fixed[1]
    return shape


def types_named_in(shape: dict[str, Any]) -> set[str]:
    expressions = [*shape.get("required", {}).values(), *shape.get("optional", {}).values(), *shape.get("any", [])]
    names = {name.removeprefix("Array of ") for text in expressions for name in text.split(" or ")}
    return {name.removeprefix("Array of ") for name in names} - PLAIN


def trimmed(source: dict[str, Any]) -> dict[str, Any]:
    """Keep the methods above and every type that they can reach."""
    methods = {name: shape_of(source["methods"][name].get("fields", [])) for name in METHODS}
    for name, fields in LATER_THAN_10_1.items():
        methods[name]["optional"] |= fields
    types: dict[str, Any] = {}
    waiting = set().union(*map(types_named_in, methods.values()))
    while waiting:
        name = waiting.pop()
        entry = source["types"][name]
        types[name] = {"any": entry["subtypes"]} if "subtypes" in entry else shape_of(entry.get("fields", []))
        waiting |= types_named_in(types[name]) - types.keys()
    return {"version": source["version"], "methods": methods, "types": dict(sorted(types.items()))}


if __name__ == "__main__":
    print(json.dumps(trimmed(json.loads(Path(sys.argv[1]).read_text("utf-8"))), indent=1))

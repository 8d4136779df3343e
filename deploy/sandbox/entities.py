# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Entities in the two languages spoken here: the Bot API's and TDLib's."""

from collections.abc import Callable, Mapping
from typing import Any

from deploy.sandbox.refusals import Why, bad_request

Entity = dict[str, Any]
SIMPLE = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "blockquote": "BlockQuote",
    "expandable_blockquote": "ExpandableBlockQuote",
}
FOUND = {
    "mention": "Mention",
    "hashtag": "Hashtag",
    "cashtag": "Cashtag",
    "bot_command": "BotCommand",
    "url": "Url",
    "email": "EmailAddress",
    "phone_number": "PhoneNumber",
    "bank_card_number": "BankCardNumber",
}
NAMES = {f"textEntityType{td}": api for api, td in {**SIMPLE, **FOUND}.items()}
PRECISIONS = {
    "t": ("time_precision", "dateTimePartPrecisionShort"),
    "T": ("time_precision", "dateTimePartPrecisionLong"),
    "d": ("date_precision", "dateTimePartPrecisionShort"),
    "D": ("date_precision", "dateTimePartPrecisionLong"),
}


def bad_entity(reason: str) -> Exception:
    return bad_request(Why.BAD_ENTITY, reason=reason)


def needed(entity: Mapping[str, Any], field: str) -> Any:
    if field not in entity:
        raise bad_entity(f'Can\'t find field "{field}"')
    return entity[field]


def preformatted(entity: Mapping[str, Any]) -> Entity:
    language = entity.get("language")
    if not language:
        return {"@type": "textEntityTypePre"}
    return {"@type": "textEntityTypePreCode", "language": language}


def date_time(entity: Mapping[str, Any]) -> Entity:
    form = entity.get("date_time_format", "")
    return {
        "@type": "textEntityTypeDateTime",
        "unix_time": needed(entity, "unix_time"),
        "formatting_type": formatting(form) if form else None,
    }


def formatting(form: str) -> Entity:
    if form in {"r", "R"}:
        return {"@type": "dateTimeFormattingTypeRelative"}
    result: Entity = {"@type": "dateTimeFormattingTypeAbsolute"}
    for letter in form:
        if letter in "wW":
            result["show_day_of_week"] = True
        elif letter in PRECISIONS:
            field, precision = PRECISIONS[letter]
            result[field] = {"@type": precision}
        else:
            raise bad_entity("Invalid date-time format specified")
    return result


RICH: dict[str, Callable[[Mapping[str, Any]], Entity]] = {
    "pre": preformatted,
    "text_link": lambda entity: {"@type": "textEntityTypeTextUrl", "url": needed(entity, "url")},
    "text_mention": lambda entity: {"@type": "textEntityTypeMentionName", "user_id": needed(entity, "user")["id"]},
    "custom_emoji": lambda entity: {
        "@type": "textEntityTypeCustomEmoji",
        "custom_emoji_id": needed(entity, "custom_emoji_id"),
    },
    "date_time": date_time,
}


def to_tdlib(entities: list[Entity]) -> list[Entity]:
    """Translate what a request gives; the kinds that Telegram finds by itself are left out, as there."""
    return [
        {"@type": "textEntity", "offset": entity["offset"], "length": entity["length"], "type": kind}
        for entity in entities
        if (kind := kind_of(entity)) is not None
    ]


def kind_of(entity: Entity) -> Entity | None:
    name = entity["type"]
    if name in SIMPLE:
        return {"@type": f"textEntityType{SIMPLE[name]}"}
    if name in RICH:
        return RICH[name](entity)
    if name in FOUND:
        return None
    raise bad_entity("Unsupported type specified")


def to_api(entity: Entity) -> Entity:
    kind = entity["type"]
    return {"type": NAMES.get(kind["@type"]), "offset": entity["offset"], "length": entity["length"]} | extra(kind)


def extra(kind: Entity) -> Entity:
    """Give the name and the fields of the kinds that carry more than a place."""
    match kind["@type"]:
        case "textEntityTypePre":
            return {"type": "pre"}
        case "textEntityTypePreCode":
            return {"type": "pre", "language": kind["language"]}
        case "textEntityTypeTextUrl":
            return {"type": "text_link", "url": kind["url"]}
        case "textEntityTypeMentionName":
            user = {"id": kind["user_id"], "is_bot": False, "first_name": f"Utente {kind['user_id']}"}
            return {"type": "text_mention", "user": user}
        case "textEntityTypeDateTime":
            return {"type": "date_time", "unix_time": kind["unix_time"]} | written(kind.get("formatting_type"))
    return {}


def written(form: Entity | None) -> Entity:
    if form is None:
        return {}
    if form["@type"] == "dateTimeFormattingTypeRelative":
        return {"date_time_format": "r"}
    letters = "w" if form.get("show_day_of_week") else ""
    for letter, (field, precision) in PRECISIONS.items():
        if (form.get(field) or {}).get("@type") == precision:
            letters += letter
    return {"date_time_format": letters}

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a CAP 1.2 document must look like, as a table: each element with how often it may stand and what it holds."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.alerts.xml import Node
from app.domain.errors import InvalidNoticeError
from app.domain.instant import OUT_OF_BOUNDS, is_near

MANY = 1000
LANGUAGES = 12
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}")
NAME = re.compile(r"[\x21-\x25\x27-\x2b\x2d-\x3b\x3d-\x7e]{1,150}")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
NUMBER = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})")
WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
Check = Callable[[str], str | None]
"""Says what is wrong with a text, or None."""


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    check: Check | Sequence["Rule"]
    least: int = 1
    most: int = 1


def one(name: str, check: Check | Sequence[Rule]) -> Rule:
    return Rule(name, check)


def maybe(name: str, check: Check | Sequence[Rule]) -> Rule:
    return Rule(name, check, least=0)


def any_number(name: str, check: Check | Sequence[Rule], *, least: int = 0, most: int = MANY) -> Rule:
    return Rule(name, check, least, most)


def among(words: str) -> Check:
    known = words.split()
    return lambda text: None if text in known else f"is not one of {', '.join(known)}"


def like(form: re.Pattern[str], complaint: str) -> Check:
    return lambda text: None if form.fullmatch(text.strip()) else complaint


def free(_: str) -> str | None:
    return None


def something(text: str) -> str | None:
    return None if text.strip() else "is empty"


def name(text: str) -> str | None:
    return None if NAME.fullmatch(text) else "is not a name without spaces, commas, < and &, of 150 characters at most"


def time(text: str) -> str | None:
    text = text.strip()
    if not TIME.fullmatch(text):
        return "is not a time such as 2026-12-11T06:00:00+01:00: no Z, no fraction, an offset with + or -"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return "is a time that does not exist"
    return None if is_near(moment) else f"is out of bounds: {OUT_OF_BOUNDS}"


PAIR = (one("valueName", something), one("value", free))
AREA = (
    one("areaDesc", something),
    any_number("polygon", free),
    any_number("circle", free),
    any_number("geocode", PAIR),
    maybe("altitude", like(NUMBER, "is not a number")),
    maybe("ceiling", like(NUMBER, "is not a number")),
)
RESOURCE = (
    one("resourceDesc", free),
    one("mimeType", free),
    maybe("size", like(WHOLE, "is not a number")),
    maybe("uri", free),
    maybe("derefUri", free),
    maybe("digest", free),
)
INFO = (
    maybe("language", like(LANGUAGE, "is not a language tag such as it-IT")),
    any_number(
        "category",
        among("Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other"),
        least=1,
    ),
    one("event", something),
    any_number("responseType", among("Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None")),
    one("urgency", among("Immediate Expected Future Past Unknown")),
    one("severity", among("Extreme Severe Moderate Minor Unknown")),
    one("certainty", among("Observed Likely Possible Unlikely Unknown")),
    maybe("audience", free),
    any_number("eventCode", PAIR),
    maybe("effective", time),
    maybe("onset", time),
    maybe("expires", time),
    maybe("senderName", free),
    maybe("headline", free),
    maybe("description", free),
    maybe("instruction", free),
    maybe("web", free),
    maybe("contact", free),
    any_number("parameter", PAIR),
    any_number("resource", RESOURCE),
    any_number("area", AREA, most=200),
)
ALERT = (
    one("identifier", name),
    one("sender", name),
    one("sent", time),
    one("status", among("Actual Exercise System Test Draft")),
    one("msgType", among("Alert Update Cancel Ack Error")),
    maybe("source", free),
    one("scope", among("Public Restricted Private")),
    maybe("restriction", free),
    maybe("addresses", free),
    any_number("code", free),
    maybe("note", free),
    maybe("references", free),
    maybe("incidents", free),
    any_number("info", INFO, most=LANGUAGES),
)


def conform(node: Node, rules: Sequence[Rule], place: str) -> None:
    """Hold an element to its rules, in their order; InvalidNoticeError names the first place that breaks one."""
    if node.text.strip():
        raise InvalidNoticeError("Text stands between the elements.", pointer=place)
    left = list(reversed(node.children))
    for rule in rules:
        count = 0
        while left and left[-1].name == rule.name:
            _hold(left.pop(), rule, f"{place}/{rule.name}" + (f"/{count}" if rule.most > 1 else ""))
            count += 1
        _counted(rule, count, f"{place}/{rule.name}")
    if left:
        raise InvalidNoticeError(f"{_called(left[-1].name)} does not belong here.", pointer=place)


def _called(name: str) -> str:
    """Repeat a name that can be one of CAP's, and nothing else that was sent."""
    return name if re.fullmatch(r"[A-Za-z]{1,20}", name) else "An element"


def _hold(node: Node, rule: Rule, place: str) -> None:
    if not callable(rule.check):
        return conform(node, rule.check, place)
    if node.children:
        raise InvalidNoticeError(f"{rule.name} holds an element; it is a text.", pointer=place)
    complaint = rule.check(node.text)
    if complaint is not None:
        raise InvalidNoticeError(f"{rule.name} {complaint}.", pointer=place)
    return None


def _counted(rule: Rule, count: int, place: str) -> None:
    if count < rule.least:
        raise InvalidNoticeError(f"{rule.name} is missing.", pointer=place)
    if count > rule.most:
        raise InvalidNoticeError(f"{rule.name} stands here more than {rule.most} times.", pointer=place)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Weaknesses that we live with for a while: each with a reason, and for 14 days at most."""

import tomllib
from datetime import date, datetime, timedelta
from typing import Any

LONGEST = timedelta(days=14)
SHORTEST_REASON = 20
MEMBERS = {"id", "reason", "until"}


class WaiverError(Exception):
    """A waiver is none, or its time is over; the text names it."""


def waived(text: str, today: date) -> frozenset[str]:
    """Read the file; give the ids of the advisories that may pass today. Raises WaiverError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WaiverError(f"this is no TOML: {error}") from None
    if content.keys() - {"waiver"}:
        raise WaiverError("only [[waiver]] stands here")
    return frozenset(_id(each, today) for each in content.get("waiver", []))


def _id(waiver: dict[str, Any], today: date) -> str:
    number = waiver.get("id")
    if not isinstance(number, str) or not number:
        raise WaiverError("a waiver has no id")
    if waiver.keys() != MEMBERS:
        raise WaiverError(f"{number}: a waiver has an id, a reason and a day until which it holds")
    if len(str(waiver["reason"]).strip()) < SHORTEST_REASON:
        raise WaiverError(f"{number}: the reason is none that a stranger would understand")
    _refuse_over(number, waiver["until"], today)
    return number


def _refuse_over(number: str, until: object, today: date) -> None:
    if not isinstance(until, date) or isinstance(until, datetime):
        raise WaiverError(f"{number}: until is a day, such as 2026-12-10")
    if until < today:
        raise WaiverError(f"{number}: the waiver ended on {until}")
    if until > today + LONGEST:
        raise WaiverError(f"{number}: a waiver holds for {LONGEST.days} days at most")

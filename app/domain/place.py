# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where a post is, as a person reads it off the platform: a number, or the link that Telegram gives for it."""

import re

LINK = re.compile(
    r"(?:https?://)?(?:t|telegram)\.me/(?:c/(?P<number>[0-9]{1,20})|(?P<name>[A-Za-z][A-Za-z0-9_]{3,31}))"
    r"(?:/[0-9]{1,18})?/(?P<post>[1-9][0-9]{0,17})/?(?:\?[A-Za-z0-9=&_.-]*)?"
)
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
TELEGRAM = "telegram"


class PlaceError(ValueError):
    """The text says no place in this channel; its words are for the person who wrote it."""


def reference_in(kind: str, address: str, text: str) -> str:
    """Give the platform's name of a post of this channel. Raises PlaceError."""
    if kind != TELEGRAM or NUMBER.fullmatch(text):
        return text
    found = LINK.fullmatch(text)
    if found is None:
        raise PlaceError("write the number of the post, or its link (https://t.me/c/1234567890/42)")
    if found["number"] is not None and address != f"-100{found['number']}":
        raise PlaceError("the link leads to another channel")
    return found["post"]

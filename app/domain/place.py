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


def reference_in(kind: str, address: str, text: str, public: str | None = None) -> str:
    """Give the platform's name of a post of this channel; `public`: where anyone may follow it, if that is known.

    Raises PlaceError.
    """
    if kind != TELEGRAM or NUMBER.fullmatch(text):
        return text
    found = LINK.fullmatch(text)
    if found is None:
        raise PlaceError("write the number of the post, or its link (https://t.me/c/1234567890/42)")
    if found["number"] is not None and address != f"-100{found['number']}":
        raise PlaceError("the link leads to another channel")
    if found["name"] is not None:
        _refuse_strangers(found["name"], address if address.startswith("@") else public)
    return found["post"]


def _refuse_strangers(name: str, own: str | None) -> None:
    """Refuse a name unless it is the channel's own (`@name`, or a link that ends with it): anybody may have it."""
    if own is None:
        raise PlaceError("no public name of this channel is known: write the number of the post, the end of its link")
    if name.lower() != own.rpartition("/")[2].removeprefix("@").lower():
        raise PlaceError("the link leads to another channel")

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Articles as a person can look at them before they go out: one part for each, and how much room is left."""

import json
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from typing import Any

import nh3

from app.domain.delivery import Part
from app.domain.outcome import Refused
from app.outbox import Owed
from app.renderings import PartShown
from workers.wechat.render import MAX_CONTENT, PICTURE, ROOM_FOR_A_PICTURE

ENDS = ("</p>", "</li>", "</pre>", "<br>")
"""After these the text goes on in a line of its own."""


def previewed(show: Callable[[Owed], Sequence[Part] | Refused], owed: Owed) -> list[PartShown] | Refused:
    """Show each article: its title above its content; the content is what has a limit."""
    parts = show(owed)
    if isinstance(parts, Refused):
        return parts
    members = json.loads(parts[0].payload)
    return [_article(article, members["pictures"]) for article in members["articles"]]


def _article(article: Mapping[str, Any], pictures: Sequence[str]) -> PartShown:
    content = article["content"]
    for number in range(len(pictures)):
        content = content.replace(PICTURE.format(number=number), "", 1)
    length = len(article["content"]) + len(pictures) * ROOM_FOR_A_PICTURE
    text = "\n\n".join(filter(None, (article["title"], _plain(content), article["content_source_url"])))
    media = tuple(("photo", href) for href in pictures)
    return PartShown(text, length, "characters", MAX_CONTENT - 1, content, media)


def _plain(content: str) -> str:
    """Give the text of an article without its looks."""
    for end in ENDS:
        content = content.replace(end, f"{end}\n")
    return unescape(nh3.clean(content, tags=set())).strip()

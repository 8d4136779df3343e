# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Telegram's answers mean for a call that carries files: where it refuses those, the text may still go.

Telegram posts an album as a whole, with one exception: an item whose upload breaks off is left out, and the others
stand. So a reason that it knows of says that nothing stands, and any other leaves a doubt.
"""

import json
import re
from collections.abc import Callable, Mapping
from uuid import UUID

from app.domain.delivery import Action
from app.domain.outcome import Declined, Doubted, Gone, Outcome, Refused, TextOnly, Throttled, WithoutMedia
from workers.telegram.answers import GONE, MEDIA, REFUSED
from workers.telegram.calls import read_payload
from workers.telegram.errors import TOO_LARGE, read
from workers.telegram.session import Reply

MOST = 45_000_000
"""Bytes of the files of one call; Telegram ends a request at 50 MB."""
TOO_MUCH = f"its files together are more than {MOST // 1_000_000} MB"
NO_FILES = re.compile(r"(bad request: |forbidden: )?(chat_send_[a-z_]*forbidden|not enough rights to send )")
ITEM = re.compile(r"(?:bad request|forbidden): failed to send message #\d+ with the error message \"(.*)\"", re.DOTALL)
HASTE = re.compile(r"(?:bad request: )?too many requests: retry after (\d{1,5})")
GROUP = "bad request: group send failed"
"""Another item was refused, and Telegram does not say why; nothing stands."""
ENTITY_TOO_LARGE = "request entity too large"
TRIES = 2
"""Before what is refused without a reason goes out as a text."""
MEANINGS: Mapping[str, Callable[[str], Outcome]] = {GONE: Gone, MEDIA: WithoutMedia, REFUSED: Refused}


def read_upload(reply: Reply, action: Action, failures: int = 0) -> Outcome:
    """Say what an answer means after so many failures; the next call, a text, will tell whether texts are taken."""
    text = _description(reply)
    plain = text.lower()
    if (item := ITEM.fullmatch(plain)) is not None:
        return _of_an_item(item[1], text)
    if (haste := HASTE.fullmatch(plain)) is not None:
        return Throttled(float(haste[1]))
    if plain == GROUP:
        return Declined(text) if failures < TRIES else TextOnly(text)
    outcome = read(reply, action)
    match outcome:
        case Refused(why) if reply.status == TOO_LARGE or why.lower().startswith(ENTITY_TOO_LARGE):
            return WithoutMedia(why)
        case Gone(why) | WithoutMedia(why) if NO_FILES.match(why.lower()):
            return TextOnly(why)
    return outcome


def _of_an_item(plain: str, text: str) -> Outcome:
    """Read why an item of an album was not sent."""
    if NO_FILES.match(plain):
        return TextOnly(text)
    for rows, meaning in MEANINGS.items():
        if re.match(f"(?:{rows})", plain):
            return meaning(text)
    haste = HASTE.fullmatch(plain)
    return Doubted(f"only a part of the album may stand there: {text}", float(haste[1]) if haste else 0.0)


def _description(reply: Reply) -> str:
    """Give the reason of a refusal that says nothing else, or nothing."""
    try:
        answer = json.loads(reply.body or b"")
    except ValueError:
        return ""
    if not isinstance(answer, dict) or answer.get("ok") is True or "parameters" in answer:
        return ""
    return str(answer.get("description") or "")[:300]


def unless_forgotten(outcome: Outcome, known: dict[tuple[UUID, str], str], notice: UUID, payload: str) -> Outcome:
    """Forget the ids of files that Telegram no longer takes by them, so that the next try uploads them once more."""
    if not isinstance(outcome, WithoutMedia):
        return outcome
    were = [known.pop((notice, href), None) for _, href in read_payload(payload)[2]]
    return Declined(outcome.reason) if any(were) else outcome


def file_id(message: object) -> str | None:
    """Find what Telegram calls the picture or document of a message."""
    if not isinstance(message, dict):
        return None
    photo = message.get("photo")
    found = photo[-1] if isinstance(photo, list) and photo else message.get("document")
    number = found.get("file_id") if isinstance(found, dict) else None
    return number if isinstance(number, str) else None

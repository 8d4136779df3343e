# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Telegram's answers mean for a call that carries files: where it refuses those, the text may still go."""

import re

from app.domain.delivery import Action
from app.domain.outcome import Gone, Outcome, Refused, TextOnly, WithoutMedia
from workers.telegram.errors import TOO_LARGE, read
from workers.telegram.session import Reply

MOST = 45_000_000
"""Bytes of the files of one call; Telegram ends a request at 50 MB."""
TOO_MUCH = f"its files together are more than {MOST // 1_000_000} MB"
NO_FILES = re.compile(
    r"(bad request: |forbidden: )?"
    r"(failed to send message #\d+ with the error message \")?"  # of an item of an album
    r"(chat_send_[a-z_]*forbidden|not enough rights to send )"
)
ENTITY_TOO_LARGE = "request entity too large"


def read_upload(reply: Reply, action: Action) -> Outcome:
    """Say what an answer means; whether the channel takes texts either, the next call, which is one, will tell."""
    outcome = read(reply, action)
    match outcome:
        case Refused(why) if reply.status == TOO_LARGE or why.lower().startswith(ENTITY_TOO_LARGE):
            return WithoutMedia(why)
        case Gone(why) | WithoutMedia(why) if NO_FILES.match(why.lower()):
            return TextOnly(why)
    return outcome

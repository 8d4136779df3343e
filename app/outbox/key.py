# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The key by which a platform tells a repetition: made of what is to be done, never of when or by whom."""

import hashlib

from app.domain.delivery import Intent
from app.outbox.owed import Owed

LENGTH = 32


def once_key(owed: Owed, intent: Intent) -> str:
    """Give 32 characters (0-9, a-f), equal for every try of one step of one notice in one channel.

    A step is a part in one revision; the digest tells a withdrawal from the revision it takes back.
    """
    step = (owed.notice_id, owed.channel_id, intent.revision, intent.action, intent.number, intent.digest)
    return hashlib.sha256("/".join(map(str, step)).encode()).hexdigest()[:LENGTH]

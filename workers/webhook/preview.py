# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a receiver would be told of a notice, for the person who hands it in."""

import json

from app.outbox import Owed
from app.renderings import PartShown
from workers.webhook.shown import publication


def previewed(owed: Owed) -> list[PartShown]:
    """Show the event with one member a line; its length is that of the body as it is sent, in bytes."""
    body = publication(owed)
    return [PartShown(json.dumps(json.loads(body), ensure_ascii=False, indent=2), len(body), "bytes")]

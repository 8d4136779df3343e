# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The noticeboard as a kind of channel: no pace, one posting per notice, written into a table of our own."""

from functools import partial

from app.domain.pace import Limits
from app.outbox import ChannelKind
from workers.desk import Desk, Tools
from workers.noticeboard import check
from workers.noticeboard.preview import previewed
from workers.noticeboard.sender import Sender
from workers.noticeboard.shown import shown

TIMEOUT = 6.0
"""Seconds; Postgres itself ends a statement after five."""


def desk(tools: Tools) -> Desk:
    """Set the noticeboard up; it needs nothing but the database."""
    kind = ChannelKind("noticeboard", Limits(0, 0, 0), shown, once_key=True, in_place=True)
    public = str(tools.settings.public_url).rstrip("/")
    return Desk(kind, Sender(tools.pool).send, partial(check.inspect, public), _nothing, TIMEOUT, previewed)


async def _nothing() -> None:
    """Nothing is open."""

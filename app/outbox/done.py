# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An attempt that has ended, before it is written down."""

from dataclasses import dataclass
from datetime import timedelta

from app.domain.delivery import Intent, Settlement
from app.domain.outcome import Outcome, Wire
from app.outbox.owed import Owed

Claim = tuple[int, int]
"""A delivery's id and the token under which it was claimed: of one delivery there may be several."""


@dataclass(frozen=True, slots=True)
class Done:
    """An attempt that has ended: what was done under which token, and what it came to.

    `rest`: the channel's pace. `in_place`: as of the kind (ChannelKind).
    """

    owed: Owed
    intent: Intent
    token: int
    outcome: Outcome
    settlement: Settlement
    wire: Wire
    rest: timedelta = timedelta(0)
    in_place: bool = False

    @property
    def claim(self) -> Claim:
        """Name what the fence lets through or not."""
        return self.owed.id, self.token

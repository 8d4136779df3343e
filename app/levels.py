# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The published levels of service: how much arrived, and in time; more is better, the name says the period."""

import math
from dataclasses import dataclass

from app.domain.lane import NAMES

KEPT = 60
"""Seconds for which an answer serves; the levels of a month do not change within a minute."""
NEWEST = 10_000
"""Deliveries that are looked at, so that the question costs the same at any size."""
LATE = {"urgent": 60, "normal": 600, "bulk": 7200}
"""Seconds after which a due delivery is worth a word, and one that was delivered came late."""
LATEST = " ".join(f"when {number} then interval '{LATE[name]} seconds'" for number, name in NAMES.items())
# Only the newest are read, by their number. What the municipality ended itself (withdrawn, or the channel retired) is
# not among them; a notice that was amended was settled again, so that its first time is not known any more.
LEVELS = f"""
with newest as materialized (
  select lane, state, wanted, ready_at, settled_at from delivery order by id desc limit {NEWEST}
), settled as (
  select * from newest
   where settled_at > now() - interval '30 days' and state in ('delivered', 'dead', 'expired')
)
select count(*) as settled,
       (avg((state = 'delivered')::int))::float as success,
       (avg((settled_at <= ready_at + case lane {LATEST} end)::int)
          filter (where state = 'delivered' and wanted = 1))::float as on_time
  from settled
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class Levels:
    """Deliveries settled within 30 days, and the shares, 0 to 1, that were delivered and that came in time."""

    settled: int
    success: float | None
    on_time: float | None

    def document(self) -> dict[str, int | float]:
        """Give the levels that are known; no share is rounded up to what was not reached."""
        shares = {"success_rate_30d": self.success, "on_time_rate_30d": self.on_time}
        known = {name: floored(share) for name, share in shares.items() if share is not None}
        return {"deliveries_30d": self.settled, **known}


def floored(share: float) -> float:
    return math.floor(share * 10_000 + 1e-6) / 10_000

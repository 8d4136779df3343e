# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The services and channels as intake sees them, kept in memory for as long as the database's epoch stays the same."""

from dataclasses import dataclass, field, replace

import asyncpg

from app.database import Pool
from app.domain.channel import Channel, Following, is_broadcast
from app.domain.notice import Notice

CHANNELS = """
select id, language, fallback, services, grades, schools, areas, test
  from channel where retired_at is null order by slug
"""


@dataclass(frozen=True)
class Snapshot:
    """All that routing needs, true at one epoch.

    As the installation has set: `second_person`: urgent broadcasts wait for one; `equal_texts`: they are looked for.
    """

    epoch: int = 0
    services: frozenset[str] = frozenset()
    channels: tuple[Channel, ...] = ()
    second_person: bool = False
    equal_texts: bool = False

    def must_wait(self, notice: Notice) -> bool:
        """Tell whether a second person must let the notice go."""
        return self.second_person and is_broadcast(notice, self.channels)


@dataclass
class Routing:
    """The latest snapshot of this process. Whoever writes by it makes the database compare the epoch."""

    snapshot: Snapshot = field(default_factory=Snapshot)

    async def refresh(self, pool: Pool) -> Snapshot:
        """Read services, channels and epoch as of one moment."""
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            epoch = await connection.fetchval("select epoch from routing")
            services = await connection.fetch("select slug from service")
            channels = await connection.fetch(CHANNELS)
        slugs = frozenset(row["slug"] for row in services)
        read = {"epoch": epoch, "services": slugs, "channels": tuple(map(channel_from, channels))}
        self.snapshot = replace(self.snapshot, **read)
        return self.snapshot


def channel_from(row: asyncpg.Record) -> Channel:
    """Give a row as routing sees it."""
    lists = (frozenset(row[name]) for name in ("services", "grades", "schools", "areas"))
    return Channel(row["id"], row["language"], row["fallback"], Following(*lists), row["test"])

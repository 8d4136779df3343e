# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What platforms tell us at our door, verified: kept once, and whoever waits for it is woken."""

import json
from typing import Any

from app.database import Pool

# A repetition changes nothing. Whoever waits for this reference is due at once, unless somebody is just at it.
KEEP = """
with kept as (
  insert into callback (kind, mark, reference, content) values ($1, $2, $3, $4::json) on conflict do nothing
  returning reference
)
update delivery set due_at = least(due_at, now())
 where id in (
   select d.id from kept cross join delivery d join channel c on c.id = d.channel_id
    where c.kind = $1 and d.state = 'in_doubt' and d.lease_until is null and d.intent ->> 'reference' = kept.reference
    order by d.id for no key update of d)
"""
TOLD = "select content from callback where kind = $1 and reference = $2 order by received_at limit 1"


async def keep(pool: Pool, kind: str, mark: str, reference: str, content: dict[str, Any]) -> None:
    """Store what a platform told of something of ours, unless it was told before."""
    await pool.execute(KEEP, kind, mark, reference, json.dumps(content, ensure_ascii=False))


async def told(pool: Pool, kind: str, reference: str) -> dict[str, Any] | None:
    """Give what was told first of a reference, or None."""
    found = await pool.fetchval(TOLD, kind, reference)
    content: dict[str, Any] | None = None if found is None else json.loads(found)
    return content

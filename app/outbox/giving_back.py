# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Returns what was claimed and not sent."""

from collections.abc import Sequence

from app.database import Pool

# The channels first, as everybody does who holds both (app.outbox.record).
GIVE_BACK = """
with claims as (
  select * from unnest($1::bigint[], $2::bigint[]) as t (id, token)
), places as materialized (
  select from channel where id in (select channel_id from delivery join claims using (id)) order by id for no key update
), held as (
  select d.id from delivery d join claims using (id, token)
   where (select count(*) from places) > 0 and d.lease_until is not null order by d.id for no key update of d
), back as (
  update delivery d set token = token + 1, attempts = attempts - 1, lease_until = null,
                        intent = case when state = 'in_doubt' then intent end
    from held where d.id = held.id
  returning d.id, d.channel_id, d.lane, d.token, d.attempts = 0 and d.state = 'due' as news
), gone as (
  delete from attempt a using back where a.delivery_id = back.id and a.token = back.token - 1
)
update channel c
   set turn_until = null, told = greatest(0, c.told - back.news::int),
       free_at = clock_timestamp(), sent = c.sent[1:cardinality(c.sent) - 1],  -- it was free, and had its turn since
       others_free_at = case when back.lane = 0 then c.others_free_at else clock_timestamp() end
  from back where c.id = back.channel_id
"""


async def give_back(pool: Pool, claims: Sequence[tuple[int, int]]) -> None:
    """Return claims (delivery id, token) of which nothing was sent, as if they had never been taken."""
    await pool.execute(GIVE_BACK, [number for number, _ in claims], [token for _, token in claims])

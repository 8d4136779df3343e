# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How things stand, in one statement that is cheap at any size."""

import json
from dataclasses import dataclass

from app.outbox.slowing import EASED_PACE

MOST = 100_000
"""Deliveries that are looked at for the figures; with more waiting than that, the figures say "at least"."""
# What was owed to a channel that was retired waits for nobody: no call would take it away.
IN_USE = "not exists (select from channel where id = found.channel_id and retired_at is not null)"
# Only the partial indexes are read, and never more than MOST of their entries, however many deliveries there are.
FIGURES = f"""
with waiting as materialized (
  (select lane, state, channel_id, greatest(due_at, ready_at) as since, lease_until from delivery
    where state in ('due', 'in_doubt') and not parked and lease_until is null
      and (awaits is null or failures > 0 or state = 'in_doubt') order by rank, id limit {MOST})
  union all
  (select lane, state, channel_id, greatest(due_at, ready_at), null from delivery
    where state = 'due' and not parked and lease_until is null and failures = 0 and awaits is not null
      and awaits <> 'tomorrow' order by due_at limit {MOST})
  union all
  (select lane, state, channel_id, greatest(due_at, ready_at), null from delivery
    where state = 'due' and not parked and lease_until is null and failures = 0 and awaits = 'tomorrow'
    order by due_at limit {MOST})
  union all
  select lane, state, channel_id, greatest(due_at, ready_at), lease_until from delivery
   where lease_until is not null and (state in ('due', 'in_doubt') and not parked) is true
), oldest as (
  select lane, extract(epoch from now() - min(since))::float as age from waiting join channel c on c.id = channel_id
   where since <= now() and (lease_until is null or lease_until < now())
     and c.paused_at is null and c.retired_at is null
   group by lane
), texts as materialized (
  select d.notice_id, d.awaits, min(d.ready_at) as ready_at
    from (select * from delivery where awaits is not null order by notice_id limit {MOST}) as d
    join channel c on c.id = d.channel_id
   where d.awaits not in ('second-person', 'tomorrow') and d.state in ('due', 'delivered')
     and (d.expires_at is null or d.expires_at > now()) and c.retired_at is null
   group by d.notice_id, d.awaits
)
select coalesce((select age from oldest where lane = 0), 0) as oldest_urgent,
       coalesce((select age from oldest where lane = 1), 0) as oldest_normal,
       coalesce((select age from oldest where lane = 2), 0) as oldest_bulk,
       (select count(*) from waiting where state = 'due') as due,
       (select count(*) from (select from delivery where state = 'in_doubt' limit {MOST}) as found) as in_doubt,
       (select count(*) from (select channel_id from delivery where state = 'held' limit {MOST}) as found
         where {IN_USE}) as held,
       (select count(*) from (select channel_id from delivery where state = 'dead' limit {MOST}) as found
         where {IN_USE}) as dead,
       (select count(*) from channel where retired_at is null and paused_at is null) as active,
       (select count(*) from channel where retired_at is null and paused_at is not null) as paused,
       (select count(*) from worker where seen_at > now() - interval '10 seconds') as workers,
       (select count(*) from texts) as texts,
       coalesce((select extract(epoch from now() - min(greatest(texts.ready_at, n.changed_at)))
                   from texts join notice n on n.id = notice_id), 0)::float as oldest_text,
       (select json_object_agg(c.slug, json_build_object('today', a.today, 'month', a.month))
          from allowance a join channel c on c.id = a.channel_id where c.retired_at is null)::text as pushes,
       (select json_object_agg(kind, {EASED_PACE})
          from pace where kind in (select kind from channel where retired_at is null))::text as slow
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class Figures:
    """How things stand: seconds that the oldest due delivery of each lane has waited, and counts.

    `texts`: those that wait for a person's approval. `pushes`: JSON, what is left of rationed quotas by channel.
    `slow`: JSON, how much slower each account goes.
    """

    oldest_urgent: float
    oldest_normal: float
    oldest_bulk: float
    due: int
    in_doubt: int
    held: int
    dead: int
    active: int
    paused: int
    workers: int
    texts: int = 0
    oldest_text: float = 0.0
    pushes: str | None = None
    slow: str | None = None

    @property
    def oldest(self) -> dict[str, float]:
        return {"urgent": self.oldest_urgent, "normal": self.oldest_normal, "bulk": self.oldest_bulk}

    @property
    def deliveries(self) -> dict[str, int]:
        return {"due": self.due, "in_doubt": self.in_doubt, "held": self.held, "dead": self.dead}

    @property
    def pushes_left(self) -> dict[tuple[str, str], int]:
        """What is left by channel and span (today, month), where there is a limit."""
        rows: dict[str, dict[str, int | None]] = json.loads(self.pushes or "{}")
        return {(slug, span): left for slug, spans in rows.items() for span, left in spans.items() if left is not None}

    @property
    def slowdowns(self) -> dict[str, float]:
        """How many times slower each kind's account goes than it may."""
        found: dict[str, float] = json.loads(self.slow or "{}")
        return found

    @property
    def channels(self) -> dict[str, int]:
        return {"active": self.active, "paused": self.paused}

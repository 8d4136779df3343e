# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the machine of any_order asks of the rows, and does to them in place of time."""

HASTEN = "update delivery set due_at = now() where state in ('due', 'in_doubt') and lease_until is null"
IN_LINE = """
update delivery d set rank = d.rank + interval '1 microsecond'
  from channel c, delivery other join channel o on o.id = other.channel_id
 where c.id = d.channel_id and c.slug = 'b' and o.slug = 'a' and other.notice_id = d.notice_id and other.rank = d.rank
"""
"""In which order one notice's deliveries are written is for Postgres to choose; what may go alone would go by it."""
EMPTY = """
with a as (delete from attempt), d as (delete from delivery), r as (delete from revision), m as (delete from media),
     p as (delete from approval), c as (delete from channel)
delete from notice
"""
# The pace outlives a run and is made by the first claim: what comes of a claim may not depend on the runs before it.
FRESH = """
insert into pace (kind, slowdown) values ('telegram', 1)
    on conflict (kind) do update
   set slowdown = 1, free_at = 'epoch', throttled_at = null, throttled_by = null, blocked_reason = null
"""
OVERDUE = "update delivery set lease_until = now() - interval '1 second' where lease_until is not null"
HELD = """
select d.id from delivery d join channel c on c.id = d.channel_id
 where d.state = 'held' order by c.slug, d.notice_id limit 1
"""
OPEN = "select id, state, last_error from delivery where state in ('due', 'in_doubt')"
PAUSED = "select id, slug from channel where paused_at is not null order by slug"
UNSOUND = """
select 'nobody reaches it' as why, d.id::text as what from delivery d join channel c on c.id = d.channel_id
 where (d.state in ('due', 'in_doubt') and d.parked and c.paused_at is null)
    or (d.state = 'in_doubt' and d.intent is null)
    or (d.state not in ('due', 'in_doubt') and d.parked)
union all
select 'a false end', id::text from delivery
 where (state = 'delivered' and (wanted is null or (shown is distinct from wanted)))
    or (state = 'withdrawn' and wanted is not null)
union all
select 'deleted, yet shown', id::text from delivery
 where state = 'withdrawn' and erase
   and exists (select from json_array_elements(posts) as post where (post ->> 'kept') is null and settled_at is not null
                                                               and post ->> 'reference' is not null)
union all
select 'taken back in silence, and may stand', id::text from delivery where state = 'withdrawn' and doubted
union all
select 'waits for what was given', d.id::text from delivery d join notice n on n.id = d.notice_id
 where d.awaits is not null and d.lease_until is null and d.wanted is not null and d.state = 'due'
   and exists (select from approval p where p.notice_id = n.id and p.language = d.awaits and p.revision = n.revision)
union all
select 'two turns at once', channel_id::text from delivery where lease_until is not null group by 2 having count(*) > 1
union all
select 'not exactly accounted', owed.number::text from (select coalesce(sum(owed), 0) as number from notice) as owed
 where owed.number <> (select count(*) from delivery)
"""

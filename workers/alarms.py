# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Tells operators what waits for them: each thing once, however many workers see it, and never the text of a notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from app.database import Pool
from app.domain.channel import BY_HAND
from app.scrub import scrubbed
from app.settings import Settings, SettingsError
from app.telemetry import log

NOT_INSTALLED = (
    "CAMPANELLA_ALARM_URLS is set, but the extra that sends alarms is not installed: pip install 'campanella[alarms]'"
)
MOST = 10
"""Alarms in ten minutes; what is more is told later, if it is still so."""
MANY = ("channel/", "put-off/", "tomorrow/", "callback/")
"""Of these there may be hundreds at once: they come after all that is told once."""
LONGEST = 300
# One worker looks at a time, every few seconds.
MY_TURN = """
insert into alarm (key, figure, told_at) values ('look', 0, now())
on conflict (key) do update set told_at = now() where alarm.told_at < now() - interval '10 seconds'
returning true
"""
CONDITIONS = """
select 'dead-letters' as key, count(*)::int as figure,
       count(*) || ' deliveries were given up and wait for a person. See /v1/dead-letters.' as sentence
  from delivery d join channel c on c.id = d.channel_id where d.state = 'dead' and c.retired_at is null
having count(*) > 0
union all
select 'held', count(*)::int, count(*) || ' deliveries wait for a person to look into the channel. See /v1/held.'
  from delivery d join channel c on c.id = d.channel_id where d.state = 'held' and c.retired_at is null
having count(*) > 0
union all
select 'in-doubt', count(*)::int,
       count(*) || ' deliveries have been in doubt for long, the oldest for '
       || ceil(extract(epoch from now() - min(since)) / 60) || ' minutes. See /v1/notices/'
       || (array_agg(notice_id order by since))[1] || '/deliveries'
  from (select d.notice_id, (select min(a.started_at) from attempt a
                              where a.delivery_id = d.id and a.action = 'post' and a.outcome in ('doubted', 'crashed')
                                and a.revision = (d.intent ->> 'revision')::int) as since
          from delivery d join channel c on c.id = d.channel_id
         where d.state = 'in_doubt' and not d.parked and c.retired_at is null) as doubts
 where since < now() - interval '30 minutes' having count(*) > 0
union all
select 'channel/' || slug, 1, 'The channel ' || slug || ' is paused: ' || coalesce(paused_reason, 'no reason is known')
  from channel where paused_at is not null and retired_at is null and not starts_with(coalesce(paused_reason, ''), $1)
   and address !~ '^[0-9]+$'
union all
select 'persons/' || kind, count(*)::int,
       count(*) || ' chats of persons on ' || kind || ' cannot be written to, as when somebody blocks the bot.'
  from channel where paused_at is not null and retired_at is null and not starts_with(coalesce(paused_reason, ''), $1)
   and address ~ '^[0-9]+$' group by kind
union all
select 'account/' || kind, 1, 'Nothing can be posted to ' || kind || ': ' || blocked_reason
  from pace where blocked_reason is not null
union all
select 'put-off/' || c.slug, 1, 'What is owed to the channel ' || c.slug || ' is put off: ' || min(d.last_error)
  from delivery d join attempt a on a.delivery_id = d.id and a.token = d.token join channel c on c.id = d.channel_id
 where d.state = 'due' and d.due_at > now() + interval '1 minute' and a.outcome = 'postponed' and c.retired_at is null
 group by c.slug
union all
select 'late/' || lane, count(*)::int,
       count(*) || ' ' || case lane when 0 then 'urgent' when 1 then 'normal' else 'bulk' end
       || ' deliveries are later than their goal, the oldest by '
       || ceil(extract(epoch from now() - min(goal)) / 60) || ' minutes.'
  from (select lane, ready_at + case lane when 0 then interval '30 seconds' when 1 then interval '5 minutes'
                                          else interval '60 minutes' end as goal
          from delivery d join channel c on c.id = d.channel_id
         where d.state = 'due' and not d.parked and d.lease_until is null and d.awaits is null and c.retired_at is null
         order by rank limit 1000) as open
 where goal < now() group by lane
union all
select 'approval/' || priority, count(*)::int,
       count(*) || ' texts of ' || priority || ' notices wait for an approval, the oldest for '
       || ceil(extract(epoch from now() - min(since)) / 60) || ' minutes. See /v1/notices/'
       || (array_agg(id order by since))[1]
  from (select n.id, n.priority, greatest(min(d.ready_at), n.changed_at) as since
          from (select * from delivery where awaits is not null order by notice_id limit 10000) as d
          join notice n on n.id = d.notice_id join channel c on c.id = d.channel_id
         where d.awaits not in ('second-person', 'tomorrow') and d.state in ('due', 'delivered')
           and (d.expires_at is null or d.expires_at > now()) and c.retired_at is null
         group by n.id, d.awaits) as texts
 where since < now() - case priority when 'urgent' then interval '10 minutes' when 'normal' then interval '4 hours'
                                     else interval '24 hours' end
 group by priority
union all
select 'tomorrow/' || c.slug, count(*)::int,
       count(*) || ' notices wait for tomorrow: the channel ' || c.slug || ' has been told enough today.'
  from delivery d join channel c on c.id = d.channel_id
 where d.awaits = 'tomorrow' and d.state = 'due' and d.due_at > now() and c.retired_at is null group by c.slug
union all
select 'second-person', count(distinct notice_id)::int,
       count(distinct notice_id) || ' urgent notices wait for a second person. See /v1/notices?awaits=second-person.'
  from delivery where awaits = 'second-person' and state = 'due' having count(*) > 0
union all
select 'bulletin/' || source || '/' || day || '/' || zone, 1,
       'The bulletin of ' || source || ' for ' || day || case zone when '' then '' else ', zone ' || zone end
       || ', could not be read and was not told: ' || detail
  from bulletin_doubt where detail is not null and day >= (now() - interval '3 hours')::date
union all
select 'callback/' || id, 1, 'The callback ' || url || ' of ' || source || ' is disabled: ' || disabled_reason
  from endpoint where disabled_at is not null and retired_at is null and disabled_reason <> 'disabled by hand'
"""
# Again only after an hour, and only if it has become worse or had ended meanwhile.
CLAIM = """
insert into alarm (key, figure, claimed_until) values ($1, $2, now() + interval '1 minute')
on conflict (key) do update set claimed_until = now() + interval '1 minute'
 where (alarm.claimed_until is null or alarm.claimed_until < now())
   and (alarm.told_at is null
        or (alarm.told_at < now() - interval '1 hour' and (alarm.figure < $2 or alarm.ended_at is not null)))
returning true
"""
RECENT = "select count(*) from alarm where key <> 'look' and told_at > now() - interval '10 minutes'"
TOLD = "update alarm set told_at = now(), figure = $2, claimed_until = null, ended_at = null where key = $1"
UNTOLD = "update alarm set claimed_until = now() + interval '30 seconds' where key = $1"
ENDED = "update alarm set ended_at = now() where key <> 'look' and ended_at is null and key <> all($1::text[])"


class Post(Protocol):
    """Whoever carries alarms away."""

    async def send(self, title: str, body: str) -> bool:
        """Send one; False when it did not arrive everywhere."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that waits for a person: what it is, how much of it, and the sentence."""

    key: str
    figure: int
    sentence: str


def alarm_post(settings: Settings) -> Post | None:
    """Set the way to the operators up; None without CAMPANELLA_ALARM_URLS, SettingsError when it cannot be used."""
    if settings.alarm_urls is None:
        return None
    try:
        module = import_module("workers.alarm_post")
    except ImportError:
        raise SettingsError(NOT_INSTALLED) from None
    post: Post = module.AlarmPost(settings.alarm_urls.get_secret_value().split())
    return post


class Alarms:
    """One per worker process."""

    def __init__(self, pool: Pool, settings: Settings, post: Post | None) -> None:
        """Without a post there is nothing to do."""
        self._pool, self._post = pool, post
        self._title = f"Campanella, {settings.municipality}"
        self._public = str(settings.public_url).rstrip("/")

    async def look(self) -> None:
        """Tell what is new, if it is this worker's turn to look."""
        if self._post is None or not await self._pool.fetchval(MY_TURN):
            return
        found = [Alarm(*row) for row in await self._pool.fetch(CONDITIONS, BY_HAND)]
        alarms = sorted(found, key=lambda alarm: alarm.key.startswith(MANY))
        await self._pool.execute(ENDED, [alarm.key for alarm in alarms])
        await self._tell(self._post, alarms)

    async def _tell(self, post: Post, alarms: Sequence[Alarm]) -> None:
        for alarm in alarms:
            if await self._pool.fetchval(RECENT) >= MOST:
                return
            if not await self._pool.fetchval(CLAIM, alarm.key, alarm.figure):
                continue
            text = f"{scrubbed(alarm.sentence)[:LONGEST]}\n{self._public}/status"
            arrived = await post.send(self._title, text)
            await self._pool.execute(*((TOLD, alarm.key, alarm.figure) if arrived else (UNTOLD, alarm.key)))
            (log.info if arrived else log.error)("alarm.sent" if arrived else "alarm.failed", alarm=alarm.key)

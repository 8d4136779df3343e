# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A delivery with all that is needed to carry it out."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg

from app.domain.decision import NOT_FOUND
from app.domain.delivery import Progress, State
from app.domain.notice import DoubtPolicy, Notice
from app.domain.stored import as_stored
from app.outbox.slowing import EASED_C
from app.outbox.stored import intent_from, posts_from
from app.trace import Trace
from app.trace import parsed as stored

# How few notices supersede another Postgres cannot know; it would go through all of them (`offset 0`, as in
# app.outbox.due).
NEWER = """
select id, created_at from notice
 where source = n.source and event_source = n.event_source and content ->> 'supersedes' = n.event_id and id <> n.id
offset 0
"""
# superseded: what replaces it stands in the channel, or may, or was itself replaced there before it was posted whole.
OWED = f"""
select d.id, d.notice_id, d.channel_id, d.lane, d.state, d.wanted, d.shown, d.spoken, d.posts, d.failures, d.crashes,
       d.give_up_at, d.expires_at, d.intent, d.token, d.erase, d.doubted, n.content, n.revision, n.policy, n.changed_at,
       d.state = 'due' and d.last_error is not distinct from '{NOT_FOUND}' as not_found,
       coalesce(n.withdrawn_at, case when d.wanted is null then
         (select greatest(n.changed_at, max(newer.created_at)) from ({NEWER}) newer) end) as withdrawn_at,
       n.source, n.service, coalesce(s.name, n.source) as source_name,
       coalesce(v.name, n.service) as service_name, n.traceparent, n.tracestate,
       {EASED_C} as slowdown, c.slug, c.kind, c.address, c.language, c.can_ask, c.last_reference, c.sent,
       c.told_on, c.told, d.attempts, c.interim and c.fallback as interim,
       (select earlier.posts -> 0 ->> 'reference'
          from notice old join delivery earlier on earlier.notice_id = old.id and earlier.channel_id = d.channel_id
         where old.source = n.source and old.event_source = n.event_source
           and old.event_id = n.content ->> 'supersedes') as replies_to,
       d.wanted is not null and exists (
         select from ({NEWER}) newer cross join lateral (
           select from delivery
            where notice_id = newer.id and channel_id = d.channel_id and wanted is not null
              and (posts::text <> '[]' or doubted or state in ('in_doubt', 'held', 'withdrawn')) offset 0) later
       ) as superseded,
       (select json_object_agg(href, kind) from media where notice_id = n.id and state = 'ready'
           and not (d.attempts > 0 and exists (
             select from attempt where delivery_id = d.id and outcome = 'textonly'))) as media,
       exists (select from media where notice_id = n.id and state = 'wanted') as fetching,
       coalesce(v.approvals, '{{}}') as guarded,
       case when v.approvals <> '{{}}' then
         (select array_agg(language || ' ' || digest) from approval where notice_id = n.id) end as approved,
       case when (v.approvals <> '{{}}' or n.broadcast) and d.wanted is null then
         (select content from revision where notice_id = n.id and number =
           coalesce(d.shown, (select max(revision) from countersign where notice_id = n.id),
                    (select max(revision) from approval where notice_id = n.id), n.revision)) end as earlier,
       n.broadcast and not exists (
         select from countersign where notice_id = n.id and revision = n.revision) as unsigned
  from unnest($1::bigint[]) with ordinality as pick (id, place)
  join delivery d on d.id = pick.id
  join notice n on n.id = d.notice_id
  join channel c on c.id = d.channel_id
  left join source s on s.slug = n.source
  left join service v on v.slug = n.service
 where d.state in ('due', 'in_doubt') and d.lease_until is null
 order by pick.place
"""  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class Owed:
    """One notice owed to one channel; `revision` is that of `notice`.

    `sent`: the channel's last sends, `slowdown`: its pace. `replies_to`: what it calls the post that is superseded.
    `guarded`: languages whose texts need an approval; `approved`: the texts that have one; `awaits`: the language
    whose text waits for one; `interim`: others are shown meanwhile; `earlier`: what is shown of what is withdrawn.
    `spoken`: the languages of the texts in which `shown` stands there; None: an earlier version has not said so.
    `unsigned`: a second person must let the latest revision go. `superseded`: what replaces it came, or may
    have. `closed`: nothing of it is posted as long as what stands has room for it; what has no room there
    is, of what is superseded, posted as ever. `fetching`: its media may still come.
    `told`: how many notices the channel was told on the day `told_on`; `attempts`: tries of this one so far.
    `not_found`: a person has just said that it did not arrive, and nothing was tried since.
    `edition` tells a form of `notice` apart that is not the latest revision as a whole.
    `media`: the pictures and documents that can be sent there, by address, photo or document. `trace`: of the intake.
    """

    id: int
    token: int
    notice_id: UUID
    channel_id: UUID
    slug: str
    kind: str
    address: str
    language: str
    can_ask: bool
    last_reference: str | None
    replies_to: str | None
    media: Mapping[str, str | None]
    sent: tuple[datetime, ...]
    notice: Notice
    revision: int
    shown: int | None
    changed_at: datetime
    withdrawn_at: datetime | None
    source_name: str
    service_name: str
    progress: Progress
    trace: Trace | None = None
    guarded: tuple[str, ...] = ()
    approved: tuple[str, ...] = ()
    interim: bool = False
    earlier: str | None = None
    awaits: str | None = None
    edition: str = ""
    unsigned: bool = False
    superseded: bool = False
    closed: bool = False
    fetching: bool = False
    told_on: date | None = None
    told: int = 0
    attempts: int = 0
    slowdown: float = 1.0
    not_found: bool = False
    spoken: Collection[str] | None = None

    @property
    def step(self) -> Trace | None:
        """The next attempt as a step in the trace of the notice; the claim raises the token by one."""
        return None if self.trace is None else self.trace.step(self.id, self.token + 1)


MADE = {"media", "sent", "notice", "guarded", "approved", "awaits", "edition", "progress", "trace", "closed"}
PLAIN = [field.name for field in fields(Owed) if field.name not in MADE]


def progress_of(row: asyncpg.Record) -> Progress:
    return Progress(
        state=State(row["state"]),
        lane=row["lane"],
        wanted=row["wanted"],
        posts=posts_from(row["posts"]),
        failures=row["failures"],
        crashes=row["crashes"],
        give_up_at=row["give_up_at"],
        expires_at=row["expires_at"],
        policy=DoubtPolicy(row["policy"]),
        intent=intent_from(row["intent"]),
        erase=row["erase"],
        doubted=row["doubted"],
    )


def owed(row: asyncpg.Record) -> Owed:
    plain: dict[str, Any] = {name: row[name] for name in PLAIN}
    media = json.loads(row["media"] or "{}")
    known = {"media": media, "sent": tuple(row["sent"]), "notice": parsed(row["content"])}
    known |= {"guarded": tuple(row["guarded"]), "approved": tuple(row["approved"] or ())}
    return Owed(**plain, **known, progress=progress_of(row), trace=stored(row["traceparent"], row["tracestate"]))


@lru_cache(maxsize=256)
def parsed(content: str) -> Notice:
    """Read a stored notice; a bulk to many channels reads it once."""
    return as_stored(content)

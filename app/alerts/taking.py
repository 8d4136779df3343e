# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Does what a message of an authority asks for: an alert is told, an update amends it, a cancellation ends it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from app.alerts.cap import Alert
from app.alerts.notices import Zones, all_clear_of, notice_of
from app.amend import Change, amend, withdraw
from app.database import Pool
from app.domain.errors import EventExistsError, StateConflictError
from app.domain.notice import Notice
from app.domain.stored import as_stored
from app.fallen import FALLEN
from app.intake import Accepted, Origin, accept
from app.routing import Routing

# Every message is kept with the notice that it is about, so that later ones may name any of them.
NOTE = f"""
insert into alert_message (source, sender, identifier, sent, subject, digest, notice_id, applied_at)
select $1, $2, $3, $4, $5, $6, $7, case when $8::boolean then now() end
  from (select $9::text) as caller (by) where not {FALLEN} on conflict do nothing
"""  # noqa: S608 - ours
KNOWN = """
select notice_id, digest, applied_at from alert_message where source = $1 and sender = $2 and identifier = $3
"""
DONE = "update alert_message set applied_at = now() where source = $1 and sender = $2 and identifier = $3"
NOTICES = "select id, content, event_id from notice where id = any($1::uuid[]) order by created_at desc, id desc"
# An alert whose row was lost to a crash right after it was accepted is found by its natural key.
MEANT = """
select m.notice_id
  from alert_message m
  join unnest($2::text[], $3::text[], $4::timestamptz[]) as r (sender, identifier, sent)
    using (sender, identifier, sent)
 where m.source = $1
union
select n.id from notice n join unnest($2::text[], $3::text[]) as r (sender, identifier)
    on n.event_source = 'urn:cap:' || r.sender and n.event_id = r.identifier where n.source = $1
"""
OPEN = """
select m.notice_id from alert_message m join notice n on n.id = m.notice_id
 where m.source = $1 and m.sender = $2 and m.subject = $3 and n.withdrawn_at is null
   and (n.expires_at is null or n.expires_at > now())
"""
MIXED = "An exercise changes no real alert, nor a real one an exercise."
LATER = "select exists (select from alert_message where notice_id = any($1::uuid[]) and sent > $2)"


@dataclass(frozen=True, slots=True)
class Hand:
    """Who hands a message over, and what is needed to act on it."""

    pool: Pool
    routing: Routing
    source: str
    by: str
    zones: Zones


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message: the notice that was accepted for it, or the one that it changed."""

    number: UUID
    notice: Notice | None = None
    accepted: Accepted | None = None
    withdrawn: tuple[UUID, ...] = ()
    changed: bool = True


def event_source(alert: Alert) -> str:
    return f"urn:cap:{alert.sender}"


async def take(hand: Hand, alert: Alert) -> Taken | None:
    """Act on a message; None where it says that a danger is over of which nobody was told. Repeatable.

    Raises StateConflictError for references to what is not known, withdrawn, or real while this is an exercise, and for
    a message that came after a later one; EventExistsError where the identifier was used for something else.
    """
    if alert.kind == "Alert" and not alert.clears:
        return await _told(hand, alert)
    known = await hand.pool.fetchrow(KNOWN, hand.source, alert.sender, alert.identifier)
    if known is not None and known["digest"] != _digest(alert):
        raise EventExistsError(pointer="#/alert/identifier", notice=str(known["notice_id"]))
    meant = await _meant(hand, alert, known)
    if not meant:
        return None
    if alert.clears:
        return await _ended(hand, alert, meant)
    if known is not None and known["applied_at"] is not None:
        return Taken(known["notice_id"], changed=False)
    return await _amended(hand, alert, meant)


async def _told(hand: Hand, alert: Alert) -> Taken:
    notice = notice_of(alert, alert.identifier, hand.zones)
    accepted = await accept(hand.pool, hand.routing, notice, Origin(hand.source, hand.by, event_source(alert)))
    await _note(hand, alert, accepted.id, applied=True)
    return Taken(accepted.id, notice, accepted)


async def _meant(hand: Hand, alert: Alert, known: asyncpg.Record | None) -> list[asyncpg.Record]:
    """Find the notices that a message is about, newest first."""
    if known is not None:
        return await hand.pool.fetch(NOTICES, [known["notice_id"]])
    found = await (_referenced(hand, alert) if alert.references else _open(hand, alert))
    notices = await hand.pool.fetch(NOTICES, found)
    if any(_notice(row).test != alert.test for row in notices):
        raise StateConflictError(MIXED, pointer="#/alert/status")
    if found and await hand.pool.fetchval(LATER, found, alert.sent):
        raise StateConflictError("A later message about this alert has been taken already.", pointer="#/alert/sent")
    return list(notices)


async def _referenced(hand: Hand, alert: Alert) -> list[UUID]:
    named = zip(*((each.sender, each.identifier, each.sent) for each in alert.references), strict=True)
    found = await hand.pool.fetch(MEANT, hand.source, *map(list, named))
    if not found:
        raise StateConflictError("No alert that is referred to is known here.", pointer="#/alert/references")
    return [row["notice_id"] for row in found]


async def _open(hand: Hand, alert: Alert) -> list[UUID]:
    rows = await hand.pool.fetch(OPEN, hand.source, alert.sender, alert.subject)
    return [row["notice_id"] for row in rows]


async def _amended(hand: Hand, alert: Alert, meant: Sequence[asyncpg.Record]) -> Taken:
    """Give the newest notice that is meant its new form; what an update puts together is told once."""
    first, *others = meant
    notice = notice_of(alert, first["event_id"], hand.zones)
    await _note(hand, alert, first["id"], applied=False)
    await amend(hand.pool, hand.routing, _change(hand, first), notice)
    for other in others:
        await withdraw(hand.pool, _change(hand, other))
    await hand.pool.execute(DONE, hand.source, alert.sender, alert.identifier)
    return Taken(first["id"], withdrawn=tuple(other["id"] for other in others))


async def _ended(hand: Hand, alert: Alert, meant: Sequence[asyncpg.Record]) -> Taken:
    """Withdraw what is meant, then say that it is over: the withdrawal alone reaches nobody who has read the alert."""
    await _note(hand, alert, meant[0]["id"], applied=False)
    for each in meant:
        await withdraw(hand.pool, _change(hand, each))
    notice = all_clear_of(alert, alert.identifier, _notice(meant[0]))
    accepted = await accept(hand.pool, hand.routing, notice, Origin(hand.source, hand.by, event_source(alert)))
    await hand.pool.execute(DONE, hand.source, alert.sender, alert.identifier)
    return Taken(accepted.id, notice, accepted, withdrawn=tuple(each["id"] for each in meant))


async def _note(hand: Hand, alert: Alert, number: UUID, *, applied: bool) -> None:
    what = (alert.identifier, alert.sent, alert.subject, _digest(alert), number, applied)
    await hand.pool.execute(NOTE, hand.source, alert.sender, *what, hand.by)


def _change(hand: Hand, row: asyncpg.Record) -> Change:
    return Change(row["id"], hand.source, hand.by, None)


def _notice(row: asyncpg.Record) -> Notice:
    return as_stored(row["content"])


def _digest(alert: Alert) -> bytes:
    """Tell two messages apart by what they say, not by how their XML is written."""
    return hashlib.sha256(repr(alert).encode()).digest()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What authorities have said so far: each message is kept with the notice that it is about."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from app.alerts.cap import Alert
from app.database import Connection
from app.domain.errors import EventExistsError, StateConflictError, UnauthenticatedError
from app.fallen import FALLEN

# That of another message of the same identifier, which was quicker, stays.
NOTE = f"""
insert into alert_message as kept (source, sender, identifier, sent, subject, digest, notice_id, applied_at)
select $1, $2, $3, $4, $5, $6, $7, now() from (select $8::text) as caller (by) where not {FALLEN}
on conflict (source, sender, identifier) do update set applied_at = coalesce(kept.applied_at, now())
returning notice_id, digest
"""  # noqa: S608 - ours
# applied_at is null where an earlier release left a message half done. What an Alert or a Cancel has made is a notice
# of its own; an Update is answered with the notice that it changed.
KNOWN = """
select m.notice_id, m.digest, m.applied_at, n.id, n.created_at, n.owed, n.content
  from alert_message m
  join notice n on n.id = coalesce((
         select id from notice where (source, event_source, event_id) = (m.source, 'urn:cap:' || m.sender, m.identifier)
       ), m.notice_id)
 where m.source = $1 and m.sender = $2 and m.identifier = $3
"""
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
LATER = "select exists (select from alert_message where notice_id = any($1::uuid[]) and sent > $2)"


class Messages:
    """The messages of one source, as one transaction sees and keeps them; `by` is the key that this one came with."""

    def __init__(self, connection: Connection, source: str, by: str) -> None:
        self._connection, self._source, self._by = connection, source, by

    async def known(self, alert: Alert) -> asyncpg.Record | None:
        """Find what became of a message before. Raises EventExistsError where its identifier is another one's."""
        known = await self._connection.fetchrow(KNOWN, self._source, alert.sender, alert.identifier)
        if known is not None and known["digest"] != _digest(alert):
            raise EventExistsError(pointer="#/alert/identifier", notice=str(known["notice_id"]))
        return known

    async def meant(self, alert: Alert, known: asyncpg.Record | None) -> list[UUID]:
        """Find the notices that a message is about; where it was left half done, also the one that it began with.

        Raises StateConflictError for references of which none is known.
        """
        found = await (self._referenced(alert) if alert.references else self._open(alert))
        return found if known is None else list({*found, known["notice_id"]})

    async def is_late(self, alert: Alert, numbers: Sequence[UUID]) -> bool:
        """Tell whether a message about one of these notices was sent after this one."""
        return bool(await self._connection.fetchval(LATER, numbers, alert.sent))

    async def keep(self, alert: Alert, number: UUID) -> None:
        """Keep a message. Raises EventExistsError where another one was quicker, UnauthenticatedError."""
        what = (alert.identifier, alert.sent, alert.subject, _digest(alert), number, self._by)
        kept = await self._connection.fetchrow(NOTE, self._source, alert.sender, *what)
        if kept is None:
            raise UnauthenticatedError
        if kept["digest"] != _digest(alert) and kept["notice_id"] != number:
            raise EventExistsError(pointer="#/alert/identifier", notice=str(kept["notice_id"]))

    async def _referenced(self, alert: Alert) -> list[UUID]:
        named = zip(*((each.sender, each.identifier, each.sent) for each in alert.references), strict=True)
        found = await self._connection.fetch(MEANT, self._source, *map(list, named))
        if not found:
            raise StateConflictError("No alert that is referred to is known here.", pointer="#/alert/references")
        return [row["notice_id"] for row in found]

    async def _open(self, alert: Alert) -> list[UUID]:
        rows = await self._connection.fetch(OPEN, self._source, alert.sender, alert.subject)
        return [row["notice_id"] for row in rows]


def _digest(alert: Alert) -> bytes:
    """Tell two messages apart by what they say, not by how their XML is written."""
    return hashlib.sha256(repr(alert).encode()).digest()

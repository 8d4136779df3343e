# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What Postgres says of a notice, and of each of its revisions."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

# A claim that comes before the commit of a withdrawal knows nothing of it, though its moment may be later than
# `withdrawn_at`, when that transaction began. It is the last that writes the row of the notice.
NOTICES = """
select n.id, n.owed, n.revision, n.policy, n.withdrawn_at, coalesce(v.approvals, '{}') as guarded,
       case when n.withdrawn_at is not null and current_setting('track_commit_timestamp')::boolean
            then greatest(n.withdrawn_at, pg_xact_commit_timestamp(n.xmin)) else n.withdrawn_at end as over_at,
       (select json_agg(json_build_array(r.number, r.created_at, r.content)) from revision r
         where r.notice_id = n.id) as revisions,
       (select case when current_setting('track_commit_timestamp')::boolean then pg_xact_commit_timestamp(r.xmin) end
          from revision r where r.notice_id = n.id and r.number = 1) as committed_at,
       (select json_agg(json_build_array(a.language, a.revision)) from approval a where a.notice_id = n.id) as approvals
  from notice n left join service v on v.slug = n.service
"""


@dataclass(frozen=True, slots=True)
class Revision:
    """When it was written, when its time is over, and what its place in the line of a channel follows from."""

    created_at: datetime
    expires_at: datetime | None
    line: tuple[str | None, str | None]
    texts: Mapping[str, Any]

    @property
    def titles(self) -> frozenset[str]:
        return frozenset(text["title"] for text in self.texts.values())


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice, all its revisions, and what its service wants to be approved.

    `approvals`: language and revision of each text that a person has read. `committed_at`: when its acceptance was, and
    `over_at`: when its withdrawal was, where Postgres keeps that.
    """

    id: UUID
    owed: int
    revision: int
    policy: str
    withdrawn_at: datetime | None
    over_at: datetime | None
    committed_at: datetime | None
    revisions: Mapping[int, Revision]
    guarded: frozenset[str]
    approvals: tuple[tuple[str, int], ...]

    @property
    def titles(self) -> frozenset[str]:
        """All that it was ever called."""
        return frozenset[str]().union(*(revision.titles for revision in self.revisions.values()))

    @property
    def has_moved(self) -> bool:
        """Tell whether a correction gave it another place in the line of its channels."""
        return len({revision.line for revision in self.revisions.values()}) > 1

    def text(self, language: str, revision: int | None) -> Any:
        known = self.revisions.get(revision or 0)
        return known.texts.get(language) if known is not None else None

    def is_guarded(self, language: str) -> bool:
        return not self.guarded.isdisjoint({language, language.partition("-")[0]})

    def is_approved(self, language: str, revision: int | None) -> bool:
        """Tell whether a person has read this very text, in whichever revision it stood."""
        wanted = self.text(language, revision)
        return any(each == language and self.text(each, number) == wanted for each, number in self.approvals)

    def ends(self, number: int, at: datetime) -> datetime | None:
        """Say when the time is over of what is posted of a revision at some moment.

        Of later ones that were being written then nobody knows whether they held already: the latest counts.
        """
        return latest(
            revision.expires_at
            for each, revision in self.revisions.items()
            if each == number or (each > number and revision.created_at <= at)
        )


def latest(ends: Any) -> datetime | None:
    """Give the latest of these ends; None where one is never, or where there are none."""
    known: Collection[datetime | None] = tuple(ends)
    return None if None in known else max(filter(None, known), default=None)


def notice_of(row: asyncpg.Record) -> Notice:
    names = ("id", "owed", "revision", "policy", "withdrawn_at", "over_at", "committed_at")
    revisions = json.loads(row["revisions"] or "[]")
    return Notice(
        **{name: row[name] for name in names},
        revisions={number: _revision(created, content) for number, created, content in revisions},
        guarded=frozenset(row["guarded"]),
        approvals=tuple((language, number) for language, number in json.loads(row["approvals"] or "[]")),
    )


def _revision(created: str, content: Mapping[str, Any]) -> Revision:
    ends = content.get("expires_at")
    expires = None if ends is None else datetime.fromisoformat(ends)
    line = (content.get("priority"), content.get("publish_at"))
    return Revision(datetime.fromisoformat(created).astimezone(UTC), expires, line, content["texts"])

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Puts a posting on a board: one statement in our own Postgres, which may be repeated without harm."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from app.database import AWAY, Pool
from app.domain.delivery import Intent
from app.domain.outcome import Delivered, Failed, Outcome, Postponed, Refused, Wire
from app.domain.posting import Shown, path_of
from app.outbox import Owed
from app.telemetry import log
from workers.desk import Report
from workers.reach import TooLateError, must_be_in_time

# A repetition changes nothing, and what comes late never covers what is newer: the withdrawal of a revision comes after
# that revision. A notice that was never shown is not put up in order to be shown as withdrawn.
# Without an end of its own a notice leaves the front page after 30 days; a withdrawn one after three at the latest.
PUT_UP = """
insert into posting as there (notice_id, channel_id, supersedes, state, revision, urgent, service, grades, schools,
                              areas, posted_at, changed_at, ends_at, content)
select $1, $2, (select old.id from notice new join notice old on old.source = new.source
                                                   and old.event_source = new.event_source and old.event_id = $3::text
                where new.id = $1),
       $4::text, $5, $6, $7, $8, $9, $10, moment, moment,
       least(coalesce($11::timestamptz, moment + interval '30 days'),
             case when $4::text = 'withdrawn' then moment + interval '3 days' end), $12::json
  from (select clock_timestamp() as moment) as this
 where $4::text <> 'withdrawn' or exists (select from posting where notice_id = $1 and channel_id = $2)
    on conflict (notice_id, channel_id) do update
   set supersedes = excluded.supersedes, state = excluded.state, revision = excluded.revision,
       urgent = excluded.urgent, service = excluded.service, grades = excluded.grades, schools = excluded.schools,
       areas = excluded.areas, changed_at = excluded.changed_at, ends_at = excluded.ends_at,
       content = excluded.content
 where (there.revision, there.state = 'withdrawn') <= (excluded.revision, excluded.state = 'withdrawn')
   and there.content::text <> excluded.content::text
"""
OVER = "its time was over before it could be put up"


@dataclass(frozen=True, slots=True)
class Sender:
    pool: Pool

    async def send(self, owed: Owed, intent: Intent) -> Report:
        """Make a board show what the intent holds, and say what that came to."""
        try:
            await put_up(self.pool, owed.notice_id, owed.channel_id, intent.payload)
        except TooLateError:
            return Report(Postponed(0.0, OVER), Wire.NONE)
        except AWAY as error:
            return Report(Failed(type(error).__name__), Wire.NONE)
        except Exception as error:  # noqa: BLE001 - whatever broke, nothing is half done, and it is not tried for ever
            log.warning("attempt.crashed", delivery=owed.id, error=type(error).__name__, wire=Wire.RESPONSE)
            return Report(_broke(error), Wire.RESPONSE)
        return Report(Delivered((path_of(owed.address, owed.notice_id),)), Wire.RESPONSE)


async def put_up(pool: Pool, notice: UUID, channel: UUID, payload: str) -> None:
    """Write a posting; again, or too late, is no harm."""
    shown = Shown.model_validate_json(payload)
    what = (shown.supersedes, shown.state, shown.revision, shown.is_urgent, shown.service)
    whom = (list(shown.grades), list(shown.schools), list(shown.areas))
    async with pool.acquire() as connection:
        must_be_in_time()  # it may have waited for the connection until its lease was over
        await connection.execute(PUT_UP, notice, channel, *what, *whom, shown.over_at, payload)


def _broke(error: Exception) -> Outcome:
    """Tell a content that Postgres will never take from anything else."""
    if isinstance(error, asyncpg.DataError | ValueError):
        return Refused(f"the posting cannot be stored ({type(error).__name__})")
    return Failed(type(error).__name__)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Several notices in one push: what is due at once shares one of the few, and each keeps an outcome of its own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.database import Connection
from app.domain.decision import NOT_FOUND
from app.domain.delivery import Intent, State
from app.domain.quota import MOST_ARTICLES
from app.outbox import ChannelKind, Owed, begin, leave, steps_of
from workers.wechat.ledger import Ledger, Push

MANY = 50
# What a person chose, and without a choice whatever is new. What was not taken together once goes by itself.
OTHERS = f"""
select d.id from delivery d left join choice x on x.delivery_id = d.id
 where d.channel_id = $1 and d.id <> $2 and d.state = 'due' and d.lease_until is null and not d.parked
   and d.ready_at <= now() and d.wanted is not null and (d.expires_at is null or d.expires_at > now())
   and (x.send and x.decided_at is not null and x.revision = d.wanted or not $3 and d.shown is null)
   and not exists (select from media m where m.notice_id = d.notice_id and m.state = 'wanted')
   and not exists (select from share s where s.delivery_id = d.id and s.alone)
   and not exists (select from share s where s.delivery_id = $2 and s.alone)
 order by d.rank, d.id limit {MANY}
"""  # noqa: S608 - MANY is ours
ADD = """
insert into share (push_id, delivery_id, notice_id, step, payload, first, articles) values ($1, $2, $3, $4, $5, $6, $7)
"""
SHARES = """
select delivery_id, notice_id, step, payload, first, articles, gone from share where push_id = $1 order by first
"""
# The one that hands it in is leased, and neither withdrawn nor over; the others must still be as they were begun. Whose
# correction came since would go out in its old form, which WeChat lets nobody change.
AS_BEGUN = """
select count(*) from share s join delivery d on d.id = s.delivery_id
 where s.push_id = $1 and (d.id = $2 or d.state = 'in_doubt' and d.intent ->> 'key' = s.step)
   and (d.intent ->> 'revision')::int = d.wanted and (d.expires_at is null or d.expires_at > now())
"""
GOES_ON = """
select exists (select from share s join delivery d on d.id = s.delivery_id
                where s.push_id = $1 and d.id <> $2 and d.state = 'in_doubt' and d.wanted is not null)
"""
GIVE_UP = "update push set state = 'failed' where id = $1 and state in ('prepared', 'called') and reference is null"
ALONE = "update share set alone = true where push_id = $1 and not gone"
ASK_AGAIN = """
update choice set decided_at = null, decided_by = null, send = false, asked_at = now()
 where delivery_id in (select delivery_id from share where push_id = $1 and not gone)
"""
GONE = "update share set gone = true where push_id = $1 and delivery_id = $2"
LEFT = "select exists (select from share where push_id = $1 and not gone)"


@dataclass(frozen=True, slots=True)
class Share:
    """What a delivery has in a push: its articles, the first of which is number `first`, counted from 1."""

    delivery_id: int
    notice_id: UUID
    step: str
    payload: str
    first: int
    articles: int
    gone: bool

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.articles)


@dataclass(frozen=True)
class Sharing:
    """Who shares the pushes of one account. `chosen_only`: a person chooses what is pushed."""

    ledger: Ledger
    kind: ChannelKind
    chosen_only: bool

    async def invite(self, connection: Connection, push: Push, owed: Owed, intent: Intent, now: datetime) -> None:
        """Begin whatever else is due in the channel and has room in this push; in the transaction that made it."""
        rows = await connection.fetch(OTHERS, owed.channel_id, owed.id, self.chosen_only)
        ids = [row["id"] for row in rows]
        others = await steps_of(connection, self.kind, ids, now) if ids else []
        sharing = _as_fits((owed, intent), others)
        if len(sharing) == 1:
            return
        await begin(connection, sharing[1:])
        first = 1
        for work, step in sharing:
            count = articles_in(step.payload)
            await connection.execute(ADD, push.id, work.id, work.notice_id, step.key, step.payload, first, count)
            first += count

    async def of(self, push: Push) -> list[Share]:
        """Give the shares of a push, in the order of their articles; none where one notice has it all."""
        return [Share(**dict(row)) for row in await self.ledger.pool.fetch(SHARES, push.id)]

    async def stands(self, push: Push, shares: Sequence[Share], delivery: int) -> bool:
        """Tell whether all that share a push still want what was begun; `delivery` hands it in."""
        return bool(await self.ledger.pool.fetchval(AS_BEGUN, push.id, delivery) == len(shares))

    async def give_up(self, push: Push, shares: Sequence[Share], *, alone: bool = False) -> None:
        """Let all go of a push of which certainly nothing was sent. `alone`: they must not meet again like this."""
        those = [share for share in shares if not share.gone]
        ids, keys = [share.delivery_id for share in those], [share.step for share in those]
        async with self.ledger.pool.acquire() as connection, connection.transaction():
            await connection.execute(GIVE_UP, push.id)
            if alone:
                await connection.execute(ALONE, push.id)
                await connection.execute(ASK_AGAIN, push.id)
            await leave(connection, sorted(ids), keys)

    async def leave(self, push: Push, delivery: int) -> None:
        """Let a delivery go of a push that a person did not find; it still counts, since it may have gone out."""
        await self.ledger.pool.execute(GONE, push.id, delivery)
        if not await self.ledger.pool.fetchval(LEFT, push.id):
            await self.ledger.note(push, state="failed", note=NOT_FOUND)

    async def is_handed_in_by_others(self, push: Push, delivery: int) -> bool:
        """Tell whether another delivery goes on with a push of which nobody knows yet what it came to."""
        return bool(await self.ledger.pool.fetchval(GOES_ON, push.id, delivery))

    async def gone(self, push: Push, delivery: int) -> None:
        """Write down that the articles of a delivery were deleted, and the push when nothing of it is left."""
        await self.ledger.pool.execute(GONE, push.id, delivery)
        if not await self.ledger.pool.fetchval(LEFT, push.id):
            await self.ledger.note(push, state="deleted")


def _as_fits(first: tuple[Owed, Intent], others: Sequence[tuple[Owed, Intent]]) -> list[tuple[Owed, Intent]]:
    """Take along what still has room, in its order; a message holds eight articles."""
    taken, room = [first], MOST_ARTICLES - articles_in(first[1].payload)
    for work, step in others:
        count = articles_in(step.payload)
        if 0 < count <= room:
            taken.append((work, step))
            room -= count
    return taken


def is_outdated(owed: Owed) -> bool:
    """Tell whether a doubt is about another revision than the one that is wished by now."""
    progress = owed.progress
    doubted = progress.intent if progress.state is State.IN_DOUBT else None
    return doubted is not None and doubted.revision != progress.wanted


def articles_in(payload: str) -> int:
    articles: list[object] = json.loads(payload).get("articles", [])
    return len(articles)

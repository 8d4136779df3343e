# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Channels as an administrator changes them, over HTTP or on the command line."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import Actor, record
from app.checks import Answer
from app.domain.channel import paused_by_hand
from app.domain.errors import InvalidNoticeError, NotFoundError, StateConflictError
from app.erasing import erase, is_private
from app.sources import flush, known_services
from app.tables import Channel

CHANGEABLE = ("title", "language", "fallback", "interim", "services", "grades", "schools", "areas")
SPOKEN = {"language", "fallback", "interim"}
"""What says which texts a channel shows, and for which it waits."""
ONE_AT_A_TIME = text("select pg_advisory_xact_lock(7264151032)")
# The channel is held already, as whoever holds rows of both does (app.outbox.record); then these, in order.
PARK = text("""
update delivery set parked = true
 where id in (select id from delivery where channel_id = :id and state in ('due', 'in_doubt') and not parked
               order by id for no key update)
""")
# A worker that is at it right now is fenced out by the token: what it reports later changes nothing here.
ABANDON = text("""
with over as (
  update delivery
     set state = 'withdrawn', parked = false, token = token + 1, lease_until = null, intent = null,
         settled_at = now(), last_error = 'the channel was retired'
   where id in (select id from delivery where channel_id = :id and state in ('due', 'in_doubt', 'held')
                 order by id for no key update)
  returning id
)
update attempt set finished_at = now(), outcome = 'abandoned', error = 'the channel was retired'
  from over where attempt.delivery_id = over.id and attempt.outcome is null
""")
# What waits for a text that it may need no longer goes before what comes later, not once it would be looked at again.
LOOK_AGAIN = text("""
update delivery set awaits = null, due_at = now()
 where id in (select id from delivery
               where channel_id = :id and state = 'due' and not parked and lease_until is null and failures = 0
                 and awaits is not null and awaits <> 'tomorrow' order by id for no key update)
""")
ALL_OF_IT = text("select from delivery where channel_id = :id order by id for no key update")
FORGET = text("delete from secret where purpose = 'channel' and owner = cast(cast(:id as uuid) as text)")
HAS_MOVED = Answer("unknown", "the channel has moved to another address while it was checked; check it again")


class InvalidChannelError(InvalidNoticeError):
    """The channel cannot be used as it is."""

    problem, status = "invalid-channel", 422


def refuse_unusable(answer: Answer) -> None:
    """Refuse a channel of which the platform says that a person must mend something first."""
    if answer.verdict == "refused":
        raise InvalidChannelError(answer.problem or "", pointer="#/address")


async def add_channel(session: AsyncSession, channel: Channel, answer: Answer, actor: Actor) -> Channel:
    """Store a channel that was checked; StateConflictError when its slug or its address is taken."""
    refuse_unusable(answer)
    await known_services(session, channel.services, "#/audience/services")
    note_check(channel, channel.address, answer)
    await (await session.connection()).execute(ONE_AT_A_TIME)
    await _refuse_twin(session, channel)
    session.add(channel)
    await flush(session, f"There is a channel {channel.slug} already, or one at this address.")
    await session.refresh(channel)
    after = {"kind": channel.kind, **_told(channel, {name: getattr(channel, name) for name in CHANGEABLE})}
    await record(session, actor, "channel.added", f"channel/{channel.slug}", after=after)
    return channel


async def change_channel(session: AsyncSession, channel: Channel, members: Mapping[str, Any], actor: Actor) -> None:
    """Change what a channel follows and how it is shown."""
    await known_services(session, members.get("services", ()), "#/audience/services")
    before = _told(channel, {name: getattr(channel, name) for name in members})
    channel.sqlmodel_update(dict(members))
    session.add(channel)
    if SPOKEN.intersection(members):
        await (await session.connection()).execute(LOOK_AGAIN, {"id": channel.id})
    await record(
        session, actor, "channel.changed", f"channel/{channel.slug}", before=before, after=_told(channel, members)
    )


async def channel_named(session: AsyncSession, slug: str, *, for_update: bool = False) -> Channel:
    """Find a channel in use; held for a change, notices are accepted for it meanwhile."""
    statement = select(Channel).where(Channel.slug == slug, col(Channel.retired_at).is_(None))
    found = (await session.exec(statement.with_for_update(key_share=True) if for_update else statement)).first()
    if found is None:
        raise NotFoundError(f"There is no channel {slug}.")
    return found


def note_check(channel: Channel, asked: str, answer: Answer, *, proved: bool = False) -> Answer:
    """Keep what the platform said: its form of the address, its title, and, when it was proved, if it can be asked.

    `asked`: the address that this is said of. What is said of a place where the channel is no more is not kept.
    """
    if channel.address not in (asked, answer.address):
        answer = HAS_MOVED
    channel.checked_at = datetime.now(UTC)
    channel.check_result = asdict(answer)
    if answer.verdict == "ok":
        channel.address = answer.address or channel.address
        channel.title = channel.title or answer.title
        channel.can_ask = answer.can_ask if proved else channel.can_ask
    return answer


async def pause(session: AsyncSession, channel: Channel, actor: Actor) -> None:
    """Stop posting; what the channel is owed waits."""
    channel.paused_at = channel.paused_at or datetime.now(UTC)
    channel.paused_reason = paused_by_hand(channel.paused_reason)
    session.add(channel)
    await _run(session, PARK, channel.id)
    await record(session, actor, "channel.paused", f"channel/{channel.slug}")


async def retire(session: AsyncSession, channel: Channel, actor: Actor) -> None:
    """End a channel for good: it is owed nothing any more, its slug is free again, its history stays.

    Of a family's own chat only the counts stay.
    """
    now, slug = datetime.now(UTC), channel.slug
    channel.retired_at = now
    channel.slug = f"{channel.slug}~{now:%Y%m%d%H%M%S%f}"
    session.add(channel)
    if is_private(channel):
        await _run(session, ALL_OF_IT, channel.id)
    await _run(session, ABANDON, channel.id)
    await _run(session, FORGET, channel.id)
    erased = await erase(session, channel) if is_private(channel) else {}
    await record(session, actor, "channel.retired", f"channel/{slug}", after={"slug": channel.slug, **erased})


def _told(channel: Channel, members: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of the audit log, which forgets nothing for years, what a family's chat is called."""
    return {name: value for name, value in members.items() if name != "title" or not is_private(channel)}


async def _run(session: AsyncSession, statement: TextClause, channel: UUID) -> None:
    await session.flush()
    await (await session.connection()).execute(statement, {"id": channel})


async def _refuse_twin(session: AsyncSession, channel: Channel) -> None:
    same_place = (
        Channel.kind == channel.kind,
        Channel.address == channel.address,
        col(Channel.retired_at).is_(None),
    )
    twin = (await session.exec(select(Channel.slug).where(*same_place))).first()
    if twin is not None and twin != channel.slug:
        raise StateConflictError(f"The channel {twin} has this address already.")

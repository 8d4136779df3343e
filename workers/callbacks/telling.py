# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Makes calls out of what has changed: each change is taken once, and the calls it owes are written in its stead."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from app.database import Connection, Pool
from app.domain.callback import ALONE, EventType, come_to
from app.domain.delivery import State

TAKE = """
delete from endpoint_change where id in (select id from endpoint_change order by id limit 200 for update skip locked)
returning id, notice_id, delivery_id, state, at
"""
NOTICES = """
select n.id, n.source, n.event_id, n.service, n.revision, n.withdrawn_at, n.reply_to, n.correlation, n.traceparent,
       n.tracestate,
       (select json_object_agg(state, number) from (
          select state, count(*) as number from delivery where notice_id = n.id group by state) as s) as counts
  from notice n where n.id = any($1::uuid[])
"""
CHANNELS = """
select d.id, c.slug, c.kind from delivery d join channel c on c.id = d.channel_id where d.id = any($1::bigint[])
"""
ENDPOINTS = """
select id, source, types, disabled_at is not null as disabled from endpoint
 where source = any($1::text[]) and retired_at is null
"""
OWE = """
insert into endpoint_call (id, endpoint_id, notice_id, type, key, body, headers, state)
select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
on conflict (endpoint_id, key) do nothing
"""
TRACED = ("traceparent", "tracestate")


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell; `key` is what makes it one and the same event however often it is found."""

    type: EventType
    key: str
    notice: asyncpg.Record
    at: datetime
    delivery: Mapping[str, Any] | None = None


async def tell(pool: Pool, public: str) -> int:
    """Take some changes and owe the calls; returns how many changes were taken."""
    async with pool.acquire() as connection, connection.transaction():
        changes = await connection.fetch(TAKE)
        if changes:
            await _owe(connection, changes, public)
    return len(changes)


async def _owe(connection: Connection, changes: Sequence[asyncpg.Record], public: str) -> None:
    notices = {
        row["id"]: row for row in await connection.fetch(NOTICES, list({change["notice_id"] for change in changes}))
    }
    channels = await connection.fetch(CHANNELS, [change["delivery_id"] for change in changes])
    named = {row["id"]: {"id": row["id"], "channel": row["slug"], "kind": row["kind"]} for row in channels}
    endpoints = await connection.fetch(ENDPOINTS, list({row["source"] for row in notices.values()}))
    known = [change for change in changes if change["notice_id"] in notices]
    events = [event for change in known for event in _events(change, notices[change["notice_id"]], named)]
    calls = [_call(endpoint, event, public) for event in events for endpoint in _told(endpoints, event)]
    if calls:
        await connection.execute(OWE, *(list(column) for column in zip(*calls, strict=True)))


def _events(change: asyncpg.Record, notice: asyncpg.Record, named: Mapping[int, Mapping[str, Any]]) -> Iterable[Event]:
    """Give what a change means: an event of the delivery alone, of the notice as a whole, or nothing yet."""
    if change["state"] == "accepted":
        yield Event(EventType.ACCEPTED, EventType.ACCEPTED + str(notice["id"]), notice, change["at"])
        return
    alone = ALONE.get(State(change["state"]))
    if alone is not None and change["delivery_id"] in named:
        delivery = {**named[change["delivery_id"]], "state": change["state"]}
        yield Event(alone, f"change/{change['id']}", notice, change["at"], delivery)
    counts = {State(state): number for state, number in json.loads(notice["counts"] or "{}").items()}
    whole = come_to(counts, withdrawn=notice["withdrawn_at"] is not None)
    if whole is not None:
        yield Event(whole, f"{whole}/{notice['id']}/{notice['revision']}", notice, change["at"])


def _told(endpoints: Iterable[asyncpg.Record], event: Event) -> Iterable[asyncpg.Record]:
    for endpoint in endpoints:
        wanted = event.type in endpoint["types"] or endpoint["id"] == event.notice["reply_to"]
        if endpoint["source"] == event.notice["source"] and wanted:
            yield endpoint


def _call(endpoint: asyncpg.Record, event: Event, public: str) -> tuple[object, ...]:
    notice = event.notice
    traced = {"X-Correlation-ID": notice["correlation"], **{name: notice[name] for name in TRACED}}
    headers = json.dumps({name: value for name, value in traced.items() if value})
    state = "missed" if endpoint["disabled"] else "due"
    return (new_id(), endpoint["id"], notice["id"], event.type, event.key, _body(event, public), headers, state)


def _body(event: Event, public: str) -> str:
    notice = event.notice
    data: dict[str, Any] = {
        "id": str(notice["id"]),
        "event_id": notice["event_id"],
        "service": notice["service"],
        "revision": notice["revision"],
        "deliveries": json.loads(notice["counts"] or "{}"),
        "links": {"self": f"{public}/v1/notices/{notice['id']}"},
    }
    if event.delivery is not None:
        data["delivery"] = event.delivery
    return body_of(event.type, event.at, data)


def body_of(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    """Write a body: what happened and to what, never the text of a notice."""
    moment = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": moment, "data": data}, separators=(",", ":"))


def new_id() -> str:
    """Make the id of a call, which every try of it carries."""
    number: UUID = uuid7()
    return f"msg_{number.hex}"

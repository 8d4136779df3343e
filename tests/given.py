# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What tests start from: notices and channels with one thing said, the rest ordinary."""

import json
from itertools import count
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.database import Pool
from app.domain.notice import Notice
from app.intake import Accepted, Origin, accept
from app.routing import Routing

NUMBERS = count(1)
CHANNEL = """
insert into channel (id, slug, kind, address, language, fallback, services, grades, schools, areas, can_ask, interim)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
ALIKE = """
insert into channel
select (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'slug', 'one-' || n, 'address', n))).*
  from channel c, generate_series(1, $1::int) as n
"""


def notice_json(**members: Any) -> dict[str, Any]:
    """Give an ordinary notice as a source would send it, with these members."""
    number = next(NUMBERS)
    ordinary = {
        "event_id": f"mensa/{number}",
        "service": "mensa",
        "texts": {"it": {"title": f"Avviso numero {number}"}},
    }
    return {**ordinary, **members}


def a_notice(**members: Any) -> Notice:
    return Notice.model_validate_json(json.dumps(notice_json(**members)))


async def a_channel(pool: Pool, slug: str = "scuola", **members: Any) -> UUID:
    """Store a channel that follows everything unless told otherwise."""
    number: UUID = uuid7()
    lists = [members.get(name, []) for name in ("services", "grades", "schools", "areas")]
    kind, address = members.get("kind", "telegram"), members.get("address", f"-100{next(NUMBERS):07}")
    shows = (members.get("language", "it"), members.get("fallback", True))
    ways = (members.get("can_ask", False), members.get("interim", False))
    await pool.execute(CHANNEL, number, slug, kind, address, *shows, *lists, *ways)
    return number


async def channels_alike(pool: Pool, many: int) -> None:
    """Store so many channels more like the only one there is; the addresses are their numbers, from 1 on."""
    await pool.execute(ALIKE, many)


async def accepted(pool: Pool, source: str = "mensa", **members: Any) -> Accepted:
    return await accept(pool, Routing(), a_notice(**members), Origin(source, "test"))

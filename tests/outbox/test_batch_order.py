# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Notices that are handed in together go out in the order in which they were listed."""

import pytest

from app.database import Pool
from app.intake import Origin, accept_all, wish_for
from app.routing import Routing
from tests.given import a_channel, a_notice

LISTED = """
select event_id from delivery d join notice n on n.id = d.notice_id where channel_id = $1 order by d.rank, d.id
"""


@pytest.mark.parametrize("many", [2, 20, 64])
@pytest.mark.parametrize("channels", [1, 7])
async def test_a_batch_goes_out_in_the_order_of_its_list(pool: Pool, many: int, channels: int) -> None:
    places = [await a_channel(pool, f"c{number}") for number in range(channels)]
    names = [f"{many - number:03}" for number in range(many)]  # the last of the alphabet first

    wishes = [wish_for(a_notice(event_id=name), Origin("mensa", "test")) for name in names]
    async with pool.acquire() as connection, connection.transaction():
        await accept_all(pool, connection, Routing(), wishes)

    for place in places:
        assert [row["event_id"] for row in await pool.fetch(LISTED, place)] == names

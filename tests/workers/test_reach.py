# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How far a call got is written down: an answered one has come to its answer, whatever became of what it asked for."""

import pytest

from app.amend import Change, amend
from app.routing import Routing
from deploy.sandbox.faults import FaultKind
from tests.given import a_notice
from tests.workers.conftest import City, until

HOW_FAR = "select action, outcome, wire from attempt where outcome is not null order by started_at"


async def how_far(city: City) -> list[tuple[str, ...]]:
    return [tuple(row) for row in await city.pool.fetch(HOW_FAR)]


async def test_an_answered_post_and_an_answered_edit_came_to_their_answers(city: City) -> None:
    await city.channel()
    notice = await city.accepts(event_id="e1", texts={"it": {"title": "Civico 12"}})
    await city.settled()

    corrected = a_notice(event_id="e1", texts={"it": {"title": "Civico 112"}})
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), corrected)
    city.bell.ring()
    await until(lambda: is_edited(city))

    assert await how_far(city) == [("post", "delivered", "response"), ("edit", "delivered", "response")]


async def is_edited(city: City) -> bool:
    return len(await how_far(city)) == 2


@pytest.mark.parametrize(
    ("fault", "outcome", "wire"),
    [(FaultKind.THROTTLED, "throttled", "response"), (FaultKind.ANSWER_RESET, "doubted", "body")],
)
async def test_a_refusal_is_an_answer_and_a_broken_connection_is_none(
    city: City, fault: FaultKind, outcome: str, wire: str
) -> None:
    await city.channel()
    city.sandbox.faults.add(fault, method="sendMessage", retry_after=1)
    await city.accepts(in_doubt="hold")
    await city.settled("delivered", "held")

    assert (await how_far(city))[0] == ("post", outcome, wire)

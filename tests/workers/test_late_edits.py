# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An edit without an answer may land seconds later; what was wished meanwhile stands there in the end."""

from app.amend import Change, amend, withdraw
from app.routing import Routing
from deploy.sandbox.faults import FaultKind
from tests.given import a_notice
from tests.workers.conftest import City, until

DOUBTED = "select exists (select from attempt where action = 'edit' and outcome = 'doubted')"


async def test_a_correction_that_lands_late_does_not_undo_a_withdrawal(city: City) -> None:
    await city.channel()
    notice = await city.accepts(event_id="e1", texts={"it": {"title": "Civico 12"}})
    await city.settled()
    city.sandbox.faults.add(FaultKind.DELAYED, method="editMessageText", delay=2.5)
    wrong = a_notice(event_id="e1", texts={"it": {"title": "Civico 112"}})
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), wrong)
    city.bell.ring()

    async def is_doubted() -> bool:
        return bool(await city.pool.fetchval(DOUBTED))

    async def all_have_landed() -> bool:
        return all(entry.did != "nothing" for entry in city.sandbox.journal if entry.method == "editMessageText")

    await until(is_doubted)
    await withdraw(city.pool, Change(notice.id, "mensa", "test", None))
    city.bell.ring()
    await city.settled("withdrawn")
    await until(all_have_landed)

    (post,) = city.posts()
    assert post.text.text.startswith("AVVISO RITIRATO")

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An edit without an answer may land seconds later; what was wished meanwhile stands there in the end."""

from typing import Any

import pytest

from app.amend import Change, amend, withdraw
from app.routing import Routing
from deploy.sandbox.faults import FaultKind
from tests.given import a_notice
from tests.workers.conftest import HURRIED, City, until

BROKEN = "select exists (select from attempt where action = 'edit' and outcome in ('failed', 'doubted'))"


@pytest.mark.parametrize("city", [HURRIED], indirect=True)
@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        (FaultKind.DELAYED, {"delay": 2.5}),
        (FaultKind.BAD_GATEWAY, {"lands": 2.5}),
        (FaultKind.SERVER_ERROR, {"lands": 2.5, "status": 504, "description": "Gateway Timeout"}),
    ],
)
async def test_a_correction_that_lands_late_does_not_undo_a_withdrawal(
    city: City, kind: FaultKind, figures: dict[str, Any]
) -> None:
    await city.channel()
    notice = await city.accepts(event_id="e1", texts={"it": {"title": "Civico 12"}})
    await city.settled()
    city.sandbox.faults.add(kind, method="editMessageText", **figures)
    wrong = a_notice(event_id="e1", texts={"it": {"title": "Civico 112"}})
    await amend(city.pool, Routing(), Change(notice.id, "mensa", "test", 1), wrong)
    city.bell.ring()

    async def is_broken() -> bool:
        return bool(await city.pool.fetchval(BROKEN))

    async def all_have_landed() -> bool:
        return all(entry.did != "nothing" for entry in city.sandbox.journal if entry.method == "editMessageText")

    await until(is_broken)
    await withdraw(city.pool, Change(notice.id, "mensa", "test", None))
    city.bell.ring()
    await city.settled("withdrawn")
    await until(all_have_landed)

    (post,) = city.posts()
    assert post.text.text.startswith("AVVISO RITIRATO")

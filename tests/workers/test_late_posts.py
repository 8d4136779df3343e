# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A post whose call broke off may land seconds later: until then an empty place does not say that it never will."""

from typing import Any

import pytest

from deploy.sandbox.faults import FaultKind
from tests.workers.conftest import City

PATIENT = {"telegram_timeout": 7, "lease": 14}
BROKEN = [
    (FaultKind.BAD_GATEWAY, {}),
    (FaultKind.SERVER_ERROR, {"status": 504, "description": "Gateway Timeout"}),
    (FaultKind.RESET_BEFORE_ACCEPTING, {}),
]


@pytest.mark.parametrize("city", [PATIENT], indirect=True)
@pytest.mark.parametrize(("kind", "figures"), BROKEN)
async def test_a_post_that_lands_after_its_failure_is_not_posted_again(
    city: City, kind: FaultKind, figures: dict[str, Any]
) -> None:
    await city.channel(can_ask=True)
    await city.pool.execute("update channel set last_reference = '1'")
    city.sandbox.faults.add(kind, method="sendMessage", lands=5, **figures)

    await city.accepts(in_doubt="hold")
    await city.settled()

    assert len(city.posts()) == 1

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A rival of the bench that does not run says why; it is never a figure of 0."""

import asyncio
import sys

import pytest

from deploy.bench.journal import Account, Arrival
from deploy.bench.rivals import BrokenError, told

ENDS_BADLY = "import sys; sys.exit('the configuration is wrong')"


async def test_what_a_rival_complained_of_is_passed_on() -> None:
    with pytest.raises(BrokenError, match="exit code 1: the configuration is wrong"):
        await told([sys.executable, "-c", ENDS_BADLY], {}, patience=60)


async def test_a_rival_that_takes_too_long_is_ended_and_no_failure() -> None:
    waits = "import time; time.sleep(600)"

    said = await asyncio.wait_for(told([sys.executable, "-c", waits], {}, patience=2), 60)

    assert said == b""


def test_the_first_refusal_is_quoted() -> None:
    refused = Arrival(1.0, "sendMessage", "refused", code=400, description='Bad Request: unknown parameter "colour"')

    assert Account((refused, refused)).first_refusal() == (
        '2 calls came; the first was refused: Bad Request: unknown parameter "colour"'
    )
    assert Account(()).first_refusal() == "0 calls came"

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""R-16: the state machine of any_order, at the size of the gate and of the night."""

import asyncio

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.reliability.any_life import AnyLife
from tests.reliability.home import Home


async def runs(url: str, examples: int, steps: int) -> None:
    home = Home(url)
    AnyLife.home = home
    how = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck))
    try:
        await asyncio.to_thread(run_state_machine_as_test, AnyLife, settings=how)
    finally:
        home.close()


@pytest.mark.timeout(1800)
async def test_whatever_happens_in_whatever_order_the_rows_stay_sound(database_url: str) -> None:
    """300 runs of 30 steps; the night has 5,000."""
    await runs(database_url, 300, 30)


@pytest.mark.nightly
@pytest.mark.timeout(14_400)
async def test_whatever_happens_all_night_the_rows_stay_sound(database_url: str) -> None:
    await runs(database_url, 5000, 30)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How many inputs there are, and of which seed."""

from datetime import UTC, datetime

import pytest

BY_DAY, BY_NIGHT = 20_000, 5_000_000


def inputs(config: pytest.Config) -> int:
    """Give how many inputs each target gets."""
    wanted: int | None = config.getoption("--fuzz")
    if wanted is not None:
        return wanted
    return BY_NIGHT if config.getoption("--nightly") else BY_DAY


def seed(config: pytest.Config) -> int:
    """Give what was asked for, or nought by day, or the date by night, such as 20261127."""
    wanted: int | None = config.getoption("--fuzz-seed")
    if wanted is not None:
        return wanted
    return int(f"{datetime.now(UTC):%Y%m%d}") if config.getoption("--nightly") else 0

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How many inputs the fuzzer tries: 20,000 of each target in every run, five million by night, or what is asked for."""

import subprocess
import sys

import pytest

from tests.fuzz.targets import TARGETS

CUT = range(0, 5_000_000, 250_000)


def collected(*options: str) -> list[str]:
    """Give the names of the cases of such a run, as target and first number."""
    pytest_of_it = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/fuzz/test_fuzz.py", *options]
    said = subprocess.run(pytest_of_it, capture_output=True, text=True, check=True).stdout
    return [line.partition("[")[2].removesuffix("]") for line in said.splitlines() if "::" in line]


@pytest.mark.parametrize(
    ("options", "begins"),
    [(("--nightly",), CUT), (("--nightly", "--fuzz", "300000"), [0, 250_000])],
)
def test_a_night_tries_five_million_of_each_unless_it_is_told_otherwise(
    options: tuple[str, ...], begins: list[int]
) -> None:
    assert set(collected(*options)) == {f"{name}-{begin}" for name in TARGETS for begin in begins}

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whatever is sent, written or shown, a reader gives a value or a refusal, and soon.

20,000 inputs for each target in every run, five million by night, in parts so that all processes have their share.
The inputs of a run are always the same, those of a night are of its day, unless `--fuzz-seed` says which. One input
is made again with `python -m tests.fuzz TARGET SEED NUMBER`. With `-s` each part says how many it did in a second.
"""

import time

import pytest

from tests.fuzz.fuzzing import Target, tried
from tests.fuzz.seeds import inputs, seed
from tests.fuzz.targets import TARGETS

PART = 250_000
PATIENCE = 86_400


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Cut the numbers of each target's inputs into parts."""
    numbers = range(inputs(metafunc.config))
    cuts = [numbers[begin : begin + PART] for begin in range(0, len(numbers), PART)]
    cases = [(target, part) for part in cuts for target in TARGETS.values()]
    names = [f"{target.name}-{part.start}" for target, part in cases]
    metafunc.parametrize(("target", "numbers"), cases, ids=names)


@pytest.mark.timeout(PATIENCE)
def test_whatever_comes_is_read_or_refused_and_soon(
    target: Target, numbers: range, pytestconfig: pytest.Config
) -> None:
    of, begun = seed(pytestconfig), time.monotonic()

    report = tried(target, of, numbers)

    rate, (took, slowest) = len(numbers) / (time.monotonic() - begun), report.slowest
    said = f"{target.name} {of} {numbers}: {rate:,.0f}/s, the slowest {1000 * took:.1f} ms (number {slowest})"
    print(said, *report.found.values(), sep="\n", flush=True)  # noqa: T201 - for whoever asks with -s
    assert not report.found, f"seed {of}\n" + "\n".join(report.found.values())
    assert report.statuses <= target.expected
    assert report.statuses == target.expected or len(numbers) < 20_000

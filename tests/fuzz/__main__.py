# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Makes one input again, shows it, and reads it: `python -m tests.fuzz TARGET SEED NUMBER`."""

import sys

from tests.fuzz.fuzzing import dice_of, tried
from tests.fuzz.targets import TARGETS


def main(words: list[str]) -> int:
    """Show the input and what came of it; 1 where it is a finding."""
    target, seed, number = TARGETS[words[0]], int(words[1]), int(words[2])
    print(repr(target.make(dice_of(seed, number))))  # noqa: T201 - it is made to be seen
    report = tried(target, seed, [number])
    print("\n".join(report.found.values()) or f"{report.statuses}, {1000 * report.slowest[0]:.1f} ms")  # noqa: T201
    return 1 if report.found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev bench: notices accepted and posts sent per second, on time, in order and once, beside bare loops and others.

It starts its own servers on loopback, takes some minutes, and leaves nothing running. A missed aim is no failure.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console

from deploy.bench import (
    accept,
    fanout,
    idle,
    keys,
    killed,
    outage,
    overload,
    overtaking,
    past,
    poison,
    report,
    series,
    throughput,
)
from deploy.bench.figure import Measured
from deploy.bench.ground import Ground, ground
from deploy.bench.report import Section
from deploy.bench.size import Size
from deploy.binaries import NotFoundError
from deploy.server import ServerError

Measure = Callable[[Ground, Size], Awaitable[Measured]]
SCENARIOS: dict[str, tuple[str, Measure]] = {
    "accept": ("accepting notices over HTTP", accept.measure),
    "overload": ("three times as many notices as can be accepted", overload.measure),
    "keys": ("an unknown id, a wrong secret and the right key", keys.measure),
    "S1": ("one notice to 300 private chats", fanout.measure),
    "S2": ("ten notices to one channel", series.measure),
    "S3": ("a bulk, and urgent notices that overtake it", overtaking.measure),
    "S4": ("no limits", throughput.measure),
    "S5": ("an idle system", idle.measure),
    "S6": ("Telegram away", outage.measure),
    "S7": ("with a long past", past.measure),
    "S8": ("everything killed after accepting", killed.measure),
    "S9": ("a notice on which workers die", poison.measure),
}
LONGEST = 1200.0
"""Seconds after which a scenario is given up."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=f"of {', '.join(SCENARIOS)} (default: all)")
    parser.add_argument(
        "--json", type=Path, default=Path("bench.json"), help="file of the figures (default bench.json)"
    )
    parser.add_argument("--quick", action="store_true", help="smaller numbers, fewer rounds")
    parser.add_argument("--scale", type=float, help="how many times shorter the outages of S6 are (10, quick: 30)")
    options = parser.parse_args()
    known = {name.lower(): name for name in SCENARIOS}
    unknown = [word for word in options.scenarios if word.lower() not in known]
    if unknown:
        parser.error(f"there is no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    options.scenarios = [known[word.lower()] for word in options.scenarios] or list(SCENARIOS)
    return options


def main() -> int:
    """Measure, say, write down; 1 when a scenario could not be measured."""
    options, console = arguments(), Console(highlight=False)
    size = Size(options.quick, options.scale or (30 if options.quick else 10))
    sections: list[Section] = []
    failed = False
    try:
        with ground() as made:
            settings = asyncio.run(made.settings())
            report.preface(console, settings)
            for name in options.scenarios:
                section = measured(name, made, size, console)
                failed = failed or section is None
                sections += [section] if section else []
    except (NotFoundError, ServerError) as error:
        console.print(str(error), markup=False)
        return 1
    report.write(options.json, settings, sections, quick=options.quick)
    console.print(f"Written down in {options.json}.")
    return int(failed)


def measured(name: str, made: Ground, size: Size, console: Console) -> Section | None:
    """Run one scenario and show what it found, or why there is nothing to show."""
    title, measure = SCENARIOS[name]
    before, began = report.load_average(), time.monotonic()
    try:
        found = asyncio.run(asyncio.wait_for(measure(made, size), LONGEST))
    except (OSError, TimeoutError, RuntimeError, ServerError) as error:
        console.print(f"{name} could not be measured: {type(error).__name__}: {error}", markup=False)
        return None
    section = Section(name, title, found, time.monotonic() - began, (before, report.load_average()))
    report.show(console, section)
    return section


if __name__ == "__main__":
    sys.exit(main())

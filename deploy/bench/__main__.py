# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev bench: notices accepted and posts sent per second, on time, in order and once, beside bare loops and others.

It starts its own servers on loopback, takes some minutes, and leaves nothing running. A missed aim is no failure; a
scenario that could not be measured is one, and the others go on.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
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
from deploy.bench.ground import Ground, ground
from deploy.bench.report import Record, Section
from deploy.bench.scenario import Scenario, why
from deploy.bench.size import Size
from deploy.binaries import NotFoundError
from deploy.server import ServerError

SCENARIOS = {
    "accept": Scenario("accepting notices over HTTP", accept.measure),
    "overload": Scenario("three times as many notices as can be accepted", overload.measure),
    "keys": Scenario("an unknown id, a wrong secret and the right key", keys.measure),
    "S1": Scenario("one notice to 300 private chats", fanout.measure),
    "S2": Scenario("ten notices to one channel", series.measure),
    "S3": Scenario("a bulk, and urgent notices that overtake it", overtaking.measure),
    "S4": Scenario("no limits", throughput.measure),
    "S5": Scenario("an idle system", idle.measure),
    "S6": Scenario("Telegram away", outage.measure, outage.asks_for),
    "S7": Scenario("with a long past", past.measure),
    "S8": Scenario("everything killed after accepting", killed.measure),
    "S9": Scenario("a notice on which workers die", poison.measure),
}
SCALE, QUICK_SCALE = 10.0, 30.0
STOPPED = 130
"""The exit code of what was ended by Ctrl-C."""


def arguments(scenarios: Mapping[str, Scenario], words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=f"of {', '.join(scenarios)} (default: all)")
    parser.add_argument(
        "--json", type=Path, default=Path("bench.json"), help="file of the figures (default bench.json)"
    )
    parser.add_argument("--quick", action="store_true", help="smaller numbers, fewer rounds")
    parser.add_argument("--scale", type=float, help="how many times shorter the outages of S6 are (10, quick: 30)")
    options = parser.parse_args(words)
    known = {name.lower(): name for name in scenarios}
    unknown = [word for word in options.scenarios if word.lower() not in known]
    if unknown:
        parser.error(f"there is no scenario {', '.join(unknown)}; there are {', '.join(scenarios)}")
    if options.scale is None:
        options.scale = QUICK_SCALE if options.quick else SCALE
    if not options.scale >= 1:
        parser.error(f"--scale must be 1 or more, not {options.scale:g}: at 1 an outage of 600 s takes 600 s")
    options.scenarios = [known[word.lower()] for word in options.scenarios] or list(scenarios)
    return options


def main(scenarios: Mapping[str, Scenario] = SCENARIOS) -> int:
    """Measure, say, write down; 1 when a scenario could not be measured, 130 when it was stopped."""
    options, console = arguments(scenarios), Console(highlight=False)
    chosen = {name: scenarios[name] for name in options.scenarios}
    record = Record(options.json, {name: one.title for name, one in chosen.items()}, quick=options.quick)
    try:
        with ground() as made:
            record.settings = asyncio.run(made.settings())
            report.preface(console, record.settings)
            for name, scenario in chosen.items():
                record.keep(name, measured(name, scenario, made, Size(options.quick, options.scale), console))
    except (NotFoundError, ServerError) as error:
        console.print(str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        console.print(f"Stopped. {record.where()}", markup=False, soft_wrap=True)
        return STOPPED
    console.print(record.where(), markup=False, soft_wrap=True)
    return int(bool(record.broken))


def measured(name: str, scenario: Scenario, made: Ground, size: Size, console: Console) -> Section | str:
    """Run one scenario and show what it found, or say why there is nothing to show."""
    before, began = report.load_average(), time.monotonic()
    try:
        found = asyncio.run(scenario.run(made, size))
    except Exception as error:  # noqa: BLE001 - whatever breaks one, the others go on
        reason = why(error)
        console.print(f"{name} could not be measured: {reason}", markup=False, soft_wrap=True, style="bold red")
        return reason
    section = Section(name, scenario.title, found, time.monotonic() - began, (before, report.load_average()))
    report.show(console, section)
    return section


if __name__ == "__main__":
    sys.exit(main())

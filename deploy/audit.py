# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev audit: known weaknesses of what the locks name, as pip-audit finds them.

Ends with 0 where there are none but those that are waived, 1 where there are, 2 where nobody could be asked.
With --tool it ends with 3 where the tool is missing only because there is no network.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from deploy.state import CHECKOUT
from deploy.tools import NoNetworkError, ToolError, tool
from deploy.waivers import WaiverError, waived

WAIVERS = CHECKOUT / "requirements" / "waivers.toml"
LOCKS = ("requirements/dev.lock", "requirements/tools.lock")
"""The lock of the development tools holds all of the others."""
SECONDS = "15"


class UnknownError(Exception):
    """Nobody could be asked, or there was no answer; the text is what the tool wrote."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """One advisory about one pin; `names` are its id and those that others gave it."""

    pin: str
    names: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in a line."""
        remedy = f"mended in {', '.join(self.fixed_in)}" if self.fixed_in else "not mended yet"
        return f"{self.pin}: {self.names[0]} ({remedy})"


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev audit", description=__doc__)
    parser.add_argument("locks", nargs="*", default=LOCKS, help="files of hashed pins (default: all of ours)")
    parser.add_argument("--osv", metavar="URL", help="ask a server that speaks as OSV does, instead of the index")
    parser.add_argument("--tool", action="store_true", help="only say which pip-audit is used")
    options = parser.parse_args(words)
    try:
        if options.tool:
            return _named()
        accepted = waived(WAIVERS.read_text(encoding="utf-8"), today())
        found = [each for lock in options.locks for each in weaknesses(lock, options.osv)]
    except WaiverError as error:
        print(f"{WAIVERS.relative_to(CHECKOUT)}: {error}", file=sys.stderr)
        return 1
    except (UnknownError, ToolError) as error:
        reason = _last_word(str(error))
        print(f"Nothing is known of weaknesses, since the advisories could not be had: {reason}", file=sys.stderr)
        return 2
    return told(found, accepted)


def _named() -> int:
    """Say which pip-audit is used."""
    try:
        return subprocess.run([tool("pip-audit"), "--version"], check=False).returncode
    except NoNetworkError as error:
        print(f"pip-audit cannot be fetched without a network: {_last_word(str(error))}", file=sys.stderr)
        return 3


def today() -> date:
    return datetime.now(UTC).date()


def weaknesses(lock: str, osv: str | None) -> list[Weakness]:
    """Ask about each pin of a lock. Raises UnknownError."""
    where = ["--vulnerability-service", "osv", "--osv-url", osv] if osv else []
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.json"
        how = ["--strict", "--require-hashes", "--disable-pip", "--progress-spinner", "off", "--timeout", SECONDS]
        put = ["--cache-dir", directory, "--format", "json", "--output", str(report)]
        command: list[str | Path] = [tool("pip-audit"), *how, *put, *where, "--requirement", lock]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
        if not report.exists() or not report.stat().st_size:
            raise UnknownError(done.stderr)
        return _read(json.loads(report.read_text(encoding="utf-8")))


def told(found: Collection[Weakness], accepted: Collection[str]) -> int:
    """Say what was found; 1 where something of it is not waived."""
    open_ones = [each for each in found if not set(accepted).intersection(each.names)]
    for each in found:
        print(each if each in open_ones else f"{each}, waived")
    needless = set(accepted) - {name for each in found for name in each.names}
    for name in sorted(needless):
        print(f"The waiver of {name} is of no use any more: take it out.")
    if not found:
        print("No weakness is known of what the locks name.")
    return int(bool(open_ones))


def _read(report: Any) -> list[Weakness]:
    return [
        Weakness(f"{pin['name']} {pin['version']}", (each["id"], *each["aliases"]), tuple(each["fix_versions"]))
        for pin in report["dependencies"]
        for each in pin["vulns"]
    ]


def _last_word(wrote: str) -> str:
    lines = [line.strip() for line in wrote.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "pip-audit said nothing"


if __name__ == "__main__":
    sys.exit(main())

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev lock: the hashed requirements, for every Python we support, without the name of any host.

A new version waits for a week: most of those that do harm are found out in that time. A package that is named as an
argument need not, since a release that mends a weakness must come at once.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from deploy.state import CHECKOUT
from deploy.tools import ToolError, run, tool

WAIT = timedelta(days=7)
OURS = ("pyproject.toml", "--extra", "alarms")
TESTED = ("-c", "requirements/dev.lock")
"""What is shipped is what was tested; hence the first of the locks is that of the tests."""
LOCKS: dict[str, tuple[str, ...]] = {
    "dev": (*OURS, "--group", "dev"),
    "run": (*OURS, *TESTED),
    "demo": (*OURS, "--group", "embedded", *TESTED),
    "tools": ("--group", "tools"),
}
HOW = ("--universal", "--generate-hashes", "--no-header", "--no-annotate", "--python-version", "3.11")
NO_DOWNLOADS = {"UV_PYTHON_DOWNLOADS": "never"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev lock", description=__doc__)
    parser.add_argument("packages", nargs="*", metavar="package", help="one whose newest version may be taken at once")
    packages = parser.parse_args().packages
    os.chdir(CHECKOUT)
    os.environ.update(NO_DOWNLOADS)
    try:
        uv, old_enough = tool("uv"), waits(packages, datetime.now(UTC))
        for name, what in LOCKS.items():
            run([uv, "pip", "compile", *what, *HOW, *old_enough, "-o", f"requirements/{name}.lock"])
    except ToolError as error:
        print(f"dev: {error}", file=sys.stderr)
        return 1
    return 0


def waits(packages: Sequence[str], now: datetime) -> list[str]:
    """Say how old a version must be, and which packages are excepted."""
    excepted = (f"--exclude-newer-package={name}={_instant(now)}" for name in packages)
    return ["--exclude-newer", _instant(now - WAIT), *excepted]


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    sys.exit(main())

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Check an installation against its sandbox: `python -m deploy.checker --database URL --journal FILE`."""

import argparse
import asyncio
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
from rich.console import Console
from rich.table import Table

from deploy.checker.account import account
from deploy.checker.check import ANSWERED, RULES, SETTLES, Violation, check
from deploy.checker.evidence import LEASE
from deploy.checker.journal import read_journal
from deploy.checker.rows import Records, read_records

SHOWN = 20


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.checker", description=__doc__)
    parser.add_argument("--database", required=True, help="the URL of the Postgres database")
    parser.add_argument("--journal", required=True, type=Path, help="the sandbox's journal, JSON lines")
    parser.add_argument("--accepted", type=Path, help="a file of notice ids that were answered 202, one a line")
    parser.add_argument("--open", action="store_true", help="allow that deliveries are still due or in doubt")
    parser.add_argument("--lease", type=float, default=LEASE.total_seconds(), help="CAMPANELLA_LEASE, in seconds")
    return parser.parse_args()


async def records_of(url: str) -> Records:
    connection = await asyncpg.connect(url)
    try:
        return await read_records(connection)
    finally:
        await connection.close()


def table(records: Records, violations: list[Violation], unasked: set[str]) -> Table:
    """Show the account and, for each rule, how often it is broken; without what is needed some are not asked about."""
    shown = Table("what", "count", title="Campanella's account")
    for name, count in account(records).items():
        shown.add_row(name, str(count))
    shown.add_section()
    broken = Counter(violation.rule for violation in violations)
    for rule in (each for each in RULES if each not in unasked):
        shown.add_row(rule, f"broken {broken[rule]} times" if broken[rule] else "kept")
    return shown


def main() -> int:
    options = arguments()
    accepted = [UUID(line) for line in options.accepted.read_text("ascii").split()] if options.accepted else []
    records = asyncio.run(records_of(options.database))
    lease = timedelta(seconds=options.lease)
    violations = check(records, read_journal(options.journal), accepted, settled=not options.open, lease=lease)
    console = Console()
    unasked = {rule for rule, is_asked in ((ANSWERED, options.accepted), (SETTLES, not options.open)) if not is_asked}
    console.print(table(records, violations, unasked))
    for violation in violations[:SHOWN]:
        console.print(f"{violation.rule}: {violation.what}", markup=False, highlight=False, soft_wrap=True)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())

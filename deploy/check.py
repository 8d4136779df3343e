# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev check: everything about the code that can be told without running it."""

import argparse
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.state import CHECKOUT

AT_A_TIME = 2
BILL = ("requirements/run.lock", "pyproject.toml")
MARKS = {"ok": "[green]ok[/]", "failed": "[red]failed[/]", "skipped": "[yellow]skipped[/]"}


@dataclass(frozen=True)
class Check:
    """One tool; `missing` says why it has nothing to look at, if so."""

    name: str
    command: list[str]
    missing: str = ""


@dataclass(frozen=True)
class Finding:
    check: Check
    mark: str
    seconds: float
    wrote: str


def checks() -> list[Check]:
    """List what there is to check in this checkout."""
    tool = Path(sys.executable).parent
    schema = ["--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml"]
    scripts = _shell_scripts()
    return [
        Check("types", [f"{tool}/mypy"]),
        Check("lint", [f"{tool}/ruff", "check", ".", "dev"]),
        Check("format", [f"{tool}/ruff", "format", "--check", ".", "dev"]),
        Check("import contracts", [f"{tool}/lint-imports", "--no-cache"]),
        Check("dependencies", [f"{tool}/deptry", "."], _without_deptry()),
        Check("locks name no host", ["sh", "-c", "! grep -nHE '://|index-url|find-links' requirements/*.lock"]),
        Check("secrets in the history", [sys.executable, "-m", "deploy.leaks"], _without(".git")),
        Check("bill of materials", [sys.executable, "-I", "deploy/container/sbom.py", *BILL]),
        Check("licences", [f"{tool}/reuse", "lint"], _without("REUSE.toml")),
        Check("contract", [f"{tool}/openapi-spec-validator", "openapi.yaml"], _without("openapi.yaml")),
        Check("container", [f"{tool}/hadolint", "Dockerfile"], _without("Dockerfile")),
        Check("compose file", [f"{tool}/check-jsonschema", *schema], _without("deploy/compose.yaml")),
        Check("shell", [f"{tool}/shellcheck", *scripts], "" if scripts else "no shell script"),
    ]


def examine(check: Check) -> Finding:
    if check.missing:
        return Finding(check, "skipped", 0, check.missing)
    began = time.monotonic()
    done = subprocess.run(
        check.command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    mark = "failed" if done.returncode else "ok"
    return Finding(check, mark, time.monotonic() - began, done.stdout.strip())


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev check", description=__doc__)
    parser.add_argument("names", nargs="*", help="only the checks whose names contain one of these words")
    words = parser.parse_args().names
    chosen = [check for check in checks() if not words or any(word in check.name for word in words)]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        findings = list(pool.map(examine, chosen))
    _show(findings)
    return int(not findings or any(finding.mark == "failed" for finding in findings))


def _show(findings: list[Finding]) -> None:
    console = Console(highlight=False)
    table = Table("check", "", "seconds", "")
    for finding in findings:
        if finding.mark == "failed":
            console.rule(finding.check.name)
            console.print(finding.wrote, markup=False, soft_wrap=True)
        reason = finding.wrote if finding.mark == "skipped" else ""
        table.add_row(finding.check.name, MARKS[finding.mark], f"{finding.seconds:.1f}", reason)
    console.print(table)


def _without(path: str) -> str:
    return "" if (CHECKOUT / path).exists() else f"there is no {path}"


def _without_deptry() -> str:
    configured = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")).get("tool", {})
    return "" if "deptry" in configured else "not configured in pyproject.toml"


def _shell_scripts() -> list[str]:
    """Find the files that say in their first line that they are for a shell."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    names = [name for name in listed.stdout.split("\0") if name and (CHECKOUT / name).is_file()]
    return [name for name in names if _is_for_a_shell(CHECKOUT / name)]


def _is_for_a_shell(file: Path) -> bool:
    with file.open("rb") as lines:
        first = lines.readline(80)
    return first.startswith(b"#!") and b"sh" in first.split(b"/")[-1]


if __name__ == "__main__":
    sys.exit(main())

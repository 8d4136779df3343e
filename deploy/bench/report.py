# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the bench says: the machine, the settings, a table, and the same as JSON."""

import json
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.bench.figure import Figure, Measured

MARKS = {None: "", True: "[green]met[/]", False: "[red]missed[/]"}
LOUD = "NOT MEASURED"
WHOLE = 100
NONE = "none"
"""What stands in the table where there was nothing to measure."""
NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Section:
    """One scenario that has been measured; load: the machine's average over a minute, before and after."""

    name: str
    title: str
    measured: Measured
    seconds: float
    load: tuple[float, float]


def machine() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    release = dict(line.split("=", 1) for line in lines if "=" in line)
    models = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line]
    return {
        "cores": str(os.cpu_count()),
        "processor": models[0].partition(":")[2].strip() if models else platform.machine(),
        "system": release.get("PRETTY_NAME", platform.system()).strip('"'),
        "python": platform.python_version(),
    }


def load_average() -> float:
    return round(os.getloadavg()[0], 2)


def preface(console: Console, settings: Mapping[str, str]) -> None:
    facts = {**machine(), "load": f"{load_average():g}"}
    console.print("Machine: " + ", ".join(f"{name} {value}" for name, value in facts.items()))
    console.print("Postgres: " + ", ".join(f"{name} {value}" for name, value in settings.items()))
    console.print("Everything runs on this machine, on loopback; rivals and bare loops in the same run. Read ratios.")


def show(console: Console, section: Section) -> None:
    before, after = section.load
    title = f"{section.name}: {section.title} ({section.seconds:.0f} s, load {before:g} to {after:g})"
    table = Table("who", "what", "value", "aim", "", title=title, title_justify="left")
    for figure in section.measured.figures:
        table.add_row(figure.who, figure.what, value(figure), aim(figure), MARKS[figure.is_met])
    console.print(table)
    for remark in section.measured.remarks:
        style = "bold red" if remark.startswith(LOUD) else None
        console.print(f"  {remark}", markup=False, soft_wrap=True, style=style)


def value(figure: Figure) -> str:
    if not math.isfinite(figure.value):
        return NONE
    digits = 0 if figure.value >= WHOLE or float(figure.value).is_integer() else 2
    return f"{figure.value:,.{digits}f} {figure.unit}".strip()


def aim(figure: Figure) -> str:
    return "" if figure.aim is None else f"{figure.aim.sense} {figure.aim.bound:g}"


@dataclass
class Record:
    """What a run has come to so far, in a file: what was measured, and what was not and why.

    It is written after each scenario, so that a run that is stopped keeps what it has measured.
    """

    file: Path
    titles: Mapping[str, str]
    quick: bool
    settings: Mapping[str, str] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)

    def keep(self, name: str, found: Section | str) -> None:
        """Add what a scenario found, or why it found nothing, and write all down."""
        if isinstance(found, Section):
            self.sections.append(found)
        else:
            self.broken[name] = found
        self.file.write_text(
            json.dumps(self._content(), indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
        )

    def where(self) -> str:
        """Say where it is, and what is missing there."""
        if not self.sections and not self.broken:
            return "Nothing is written down."
        left_out = [each["name"] for each in self._left_out()]
        return f"Written down in {self.file}{', without ' if left_out else ''}{', '.join(left_out)}."

    def _content(self) -> dict[str, Any]:
        return {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "postgres": dict(self.settings),
            "quick": self.quick,
            "scenarios": [_section(section) for section in self.sections],
            "not_measured": self._left_out(),
        }

    def _left_out(self) -> list[dict[str, str]]:
        done = {section.name for section in self.sections}
        return [
            {"name": name, "title": title, "why": self.broken.get(name, NOT_REACHED)}
            for name, title in self.titles.items()
            if name not in done
        ]


def _section(section: Section) -> dict[str, Any]:
    figures = [_figure(figure) for figure in section.measured.figures]
    rest = {"name": section.name, "title": section.title, "seconds": round(section.seconds, 1), "load": section.load}
    return {**rest, "figures": figures, "remarks": section.measured.remarks}


def _figure(figure: Figure) -> dict[str, Any]:
    """JSON has no word for what is no number: it is null, and its aim is missed."""
    is_number = math.isfinite(figure.value)
    return {**asdict(figure), "value": figure.value if is_number else None, "met": figure.is_met}

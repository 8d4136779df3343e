# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is imported is declared, and what is declared is imported: as ./dev check looks, and that it would complain."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.check import checks, examine
from tests.repository.files import ROOT

DEPTRY = Path(sys.executable).with_name("deptry")


def test_every_dependency_is_declared_and_used() -> None:
    (check,) = [each for each in checks() if each.name == "dependencies"]

    finding = examine(check)

    assert finding.mark == "ok", finding.wrote


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("app/checks.py", "import json", "import campanelli\nimport json", "DEP001 'campanelli'"),
        ("pyproject.toml", '  "aiogram', '  "itsdangerous>=2",\n  "aiogram', "DEP002 'itsdangerous'"),
        ("app/checks.py", "import json", "import pytest\nimport json", "DEP004 'pytest'"),
    ],
    ids=["an import that nobody declared", "a dependency that nobody uses", "a tool of development in what is shipped"],
)
def test_what_is_out_of_order_is_complained_of(tmp_path: Path, file: str, old: str, new: str, complaint: str) -> None:
    for folder in ("app", "workers", "deploy"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    changed = (tmp_path / file).read_text(encoding="utf-8")
    assert old in changed
    (tmp_path / file).write_text(changed.replace(old, new, 1), encoding="utf-8")

    done = subprocess.run([DEPTRY, ".", "--no-ansi"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert complaint in done.stdout + done.stderr

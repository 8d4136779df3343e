# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every file says who holds the rights and under which licence; the licence itself is the official text."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.files import ROOT, read, tracked

OFFICIAL = "57fb42fbcd0b037ce528ed8f72f1ec095d67bc6825ecf1448ff39be1fe68a4b4"
HEAD = ("SPDX-FileCopyrightText: 2026 Comune di Prato", "SPDX-License-Identifier: EUPL-1.2")
OTHERS = {"bootstrap-italia.min.css"}
"""Files that are not ours; REUSE.toml says whose they are."""
OURS = ("*.py", "*.sql", "*.sh", "*.yaml", "*.yml", "*.toml", "*.css", "*.js", "*.html", "Dockerfile", "dev")
SOURCES = [path for path in tracked(*OURS) if path.name not in OTHERS]


def test_the_licence_is_the_official_text_unchanged() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == OFFICIAL
    assert read("LICENSE") == read("LICENSES/EUPL-1.2.txt")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_source_file_begins_with_its_holder_and_licence(source: Path) -> None:
    head = "\n".join(source.read_text(encoding="utf-8").splitlines()[:4])

    assert all(line in head for line in HEAD)


def test_reuse_finds_a_licence_for_every_file() -> None:
    reuse = subprocess.run(
        [Path(sys.executable).with_name("reuse"), "--root", ROOT, "lint", "--lines"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert reuse.stdout == ""
    assert reuse.returncode == 0

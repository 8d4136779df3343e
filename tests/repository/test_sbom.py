# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The image carries a bill of materials: all that the lock pins, with licences that somebody allowed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.repository.files import ROOT, read
from tests.repository.test_locks import PINNED

LOCK = ROOT / "requirements" / "run.lock"
SCRIPT = ROOT / "deploy" / "container" / "sbom.py"
HASH = f"    --hash=sha256:{'0' * 64}\n"


def made(lock: Path, more: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command of the image's build, with more packages on the path if asked."""
    environment = os.environ | ({"PYTHONPATH": str(more)} if more else {})
    command: list[str | Path] = [sys.executable, SCRIPT, lock, ROOT / "pyproject.toml"]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    done = made(LOCK)
    assert done.stderr == ""
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_all_that_the_lock_pins_is_in_the_bill_with_its_version(bill: dict[str, Any]) -> None:
    needed = {
        f"pkg:pypi/{found['name']}@{found['version']}"
        for found in PINNED.finditer(read("requirements/run.lock"))
        if not found["marker"]
    }

    listed = [each["purl"] for each in bill["components"]]

    assert needed <= set(listed)
    assert len(listed) == len({each["bom-ref"] for each in bill["components"]})
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)


def test_each_component_has_a_licence_and_a_holder(bill: dict[str, Any]) -> None:
    assert [each["name"] for each in bill["components"] if not each.get("copyright")] == []
    assert [each["name"] for each in bill["components"] if len(each["licenses"]) != 1] == []


def test_the_same_environment_gives_the_same_bytes() -> None:
    assert made(LOCK).stdout == made(LOCK).stdout


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ("License-Expression: MIT", True),
        ("License-Expression: (MIT OR Apache-2.0) AND BSD-3-Clause", True),
        ("License: Apache 2.0", True),
        ("Classifier: License :: OSI Approved :: MIT License", True),
        ("License-Expression: MIT AND SSPL-1.0", False),
        ("License: Proprietary", False),
        ("Summary: says nothing about licences", False),
    ],
)
def test_a_licence_that_nobody_allowed_stops_the_build(said: str, allowed: bool, tmp_path: Path) -> None:  # noqa: FBT001
    about = tmp_path / "strange_thing-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: strange-thing\nVersion: 1.0\n{said}\n")
    lock = tmp_path / "some.lock"
    lock.write_text(f"strange-thing==1.0 \\\n{HASH}")

    done = made(lock, tmp_path)

    assert (done.returncode, bool(done.stdout)) == ((0, True) if allowed else (1, False))
    assert allowed or "strange-thing 1.0: nobody has allowed the licence" in done.stderr


@pytest.mark.parametrize(
    ("pin", "sentence"),
    [("nh3==0.0.1", "and the lock says 0.0.1"), ("no-such-thing-here==1.0", "no-such-thing-here 1.0 is not installed")],
)
def test_an_environment_that_is_not_the_one_of_the_lock_has_no_bill(pin: str, sentence: str, tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(f"{pin} \\\n{HASH}")

    done = made(lock)

    assert done.returncode == 1
    assert sentence in done.stderr


def test_the_image_is_built_with_its_bill() -> None:
    dockerfile = read("Dockerfile")

    assert "sbom.py /build/run.lock pyproject.toml > sbom.cdx.json" in dockerfile
    assert dockerfile.index("--require-hashes") < dockerfile.index("sbom.py /build/run.lock")

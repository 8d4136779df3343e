# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The locks hold names, versions and hashes, and nothing that tells where a package came from."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.repository.files import ROOT, read

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PINNED = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^ ;\\]+)(?P<marker> ;[^\\]+)? \\\n")
OURS = [lock for lock in LOCKS if lock.stem != "tools"]
"""Those that hold the product; the tools have an environment of their own."""
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?\n")
VIA = re.compile(r"    # .*\n")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_host_and_no_index(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")

    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host|[a-z]+\.(org|com|io|net)\b", text)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_line_of_a_lock_is_a_pin_a_hash_or_a_reason(lock: Path) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines(keepends=True)

    strange = [line for line in lines if not any(form.fullmatch(line) for form in (PINNED, HASH, VIA))]

    assert strange == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pin_has_a_hash(lock: Path) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines(keepends=True)

    bare = [
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if PINNED.match(line) and "--hash" not in after
    ]

    assert bare == []


@pytest.mark.parametrize("lock", OURS, ids=lambda lock: lock.name)
def test_no_lock_disagrees_with_the_one_of_the_image(lock: Path) -> None:
    shipped = pins(ROOT / "requirements" / "run.lock")

    assert shipped.items() <= pins(lock).items()


def test_every_dependency_of_the_package_is_in_the_lock_of_the_image() -> None:
    declared = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    names = {re.split(r"[\[<>=~!; ]", line, maxsplit=1)[0].lower() for line in declared}

    assert names - pins(ROOT / "requirements" / "run.lock").keys() == set()


def pins(lock: Path) -> dict[str, str]:
    return {found["name"]: found["version"] for found in PINNED.finditer(lock.read_text(encoding="utf-8"))}

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Tools that no program of ours needs, in an environment of their own (.tools), checked against their hashes."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.state import CHECKOUT

TOOLS = CHECKOUT / ".tools"
LOCK = CHECKOUT / "requirements" / "tools.lock"
STAMP = TOOLS / "campanella-lock"
NO_NETWORK = ("name resolution", "newconnectionerror", "connection refused", "unreachable", "timed out")
"""What pip writes, in small letters, where nothing can be fetched."""
PIP = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input", "--retries", "2")


class ToolError(Exception):
    """A tool could not be had, or failed; the text is what it wrote last."""


class NoNetworkError(ToolError):
    """It could not be fetched, since there is no network."""


def tool(name: str) -> Path:
    """Give the program, and fetch all of them first if they are not those of the lock. Raises ToolError."""
    if not is_prepared():
        run([sys.executable, "-m", "venv", "--clear", TOOLS])
        run([TOOLS / "bin" / "python", *PIP, "--only-binary", ":all:", "--require-hashes", "-r", LOCK])
        STAMP.write_text(_digest(), encoding="utf-8")
    return TOOLS / "bin" / name


def is_prepared() -> bool:
    return STAMP.exists() and STAMP.read_text(encoding="utf-8") == _digest()


def run(words: Sequence[str | Path]) -> None:
    """Run a step; only if it fails is what it wrote of interest."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        last = "\n".join(done.stdout.strip().splitlines()[-12:])
        away = any(sign in done.stdout.lower() for sign in NO_NETWORK)
        raise (NoNetworkError if away else ToolError)(f"{' '.join(map(str, words[:4]))} ... failed.\n{last}")


def _digest() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()

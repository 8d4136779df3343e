# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""python -m deploy.leaks [CHECKOUT]: no secret in the whole history: keys of ours, bot tokens, secrets of webhooks.

Whatever was once in a commit stays readable for everybody, also after it was taken out. What is found is named by its
commit, its file and its form, and never shown.
"""

import base64
import binascii
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from app.domain.key import key_id

HISTORY = ("log", "--all", "-m", "-p", "-U0", "--text", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
COMMIT, FILE = "commit ", "+++ "
PUBLISHED = frozenset(
    {
        # The vector of our own checksum, on the docs page and in tests.
        "874ec1f6ef18964ca4941badf166b93893d5e1445fc6191b4e0b644b5a4e40a1",
        # The example of Standard Webhooks.
        "2dd745ff991276aed56826de4e41d9d81b006c671a1491c08e9fc74e9362d95a",
        # Made up for a test, as its words say; it was once written without one of those below.
        "dec6cfa93c3501ee35f2149fd7859084dd2e1e8a78312ba8d536721362db7639",
    }
)
"""SHA-256 of secrets that somebody published as examples."""
EXAMPLE = re.compile(r"(?i)sandbox|canary|example|(.)\1{9}")
"""Whatever has this in it was made up: no generator writes it."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret in the history: the form it has, and where it came in; `file` is empty for a commit's message."""

    form: str
    commit: str
    file: str


def _is_key(text: str) -> bool:
    return key_id(text) is not None


def _is_made_up(text: str) -> bool:
    return EXAMPLE.search(text) is not None


def _is_secret(text: str) -> bool:
    """Tell a secret of a webhook from letters of any kind, and from bytes that count."""
    try:
        secret = base64.b64decode(text.partition("_")[2], validate=True)
    except binascii.Error:
        return False
    counted = all(after - before == 1 for before, after in pairwise(secret))
    return not counted and not _is_made_up(secret.decode("latin-1"))


FORMS: dict[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "key of Campanella": (re.compile(r"camp_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}"), _is_key),
    "token of a bot": (re.compile(r"(?<!\d)\d{6,12}:[\w-]{30,64}", re.ASCII), lambda text: not _is_made_up(text)),
    "secret of a webhook": (re.compile(r"whs(?:ec|k)_[A-Za-z0-9+/]{22,}={0,2}"), _is_secret),
    "private key": (re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*$"), lambda _text: True),
}


def found(line: str) -> list[str]:
    """Name the form of every secret in a line."""
    return [
        form
        for form, (pattern, holds) in FORMS.items()
        for text in pattern.findall(line)
        if holds(text) and hashlib.sha256(text.encode()).hexdigest() not in PUBLISHED
    ]


def leaks(history: Iterable[str]) -> Iterator[Leak]:
    """Read what git tells of every commit, and give each secret that came in with one."""
    commit = file = ""
    for line in history:
        if line.startswith(COMMIT):
            commit, file = line.removeprefix(COMMIT).split()[0], ""
        elif line.startswith(FILE):
            file = line.removeprefix(FILE).strip().removeprefix("b/")
        if not file or line.startswith("+"):
            yield from (Leak(form, commit, file) for form in found(line))


def history_of(checkout: Path) -> str | None:
    """Give every commit of every branch with what it changed; None where there is no history."""
    command = ["git", "-C", str(checkout), *HISTORY]
    try:
        told = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return told.stdout.decode("utf-8", "replace")


def main(words: list[str]) -> int:
    """Say what was found: 1 if anything."""
    history = history_of(Path(words[0] if words else "."))
    if history is None:
        print("there is no git, or no history here: nothing was looked at")
        return 0
    several = sorted(set(leaks(history.split("\n"))), key=str)
    for leak in several:
        print(f"{leak.commit[:12]} {leak.file or 'its message'}: {leak.form}")
    return int(bool(several))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

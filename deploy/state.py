# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What ./dev keeps in the checkout between its runs: data, logs, keys."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


class StateError(Exception):
    """The directory cannot be used; the text says why and what to do."""


class State:
    """One directory; usually .state in the checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory for ourselves, or say who has it."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = (self.root / "held-by").open("a+", encoding="ascii")
        except PermissionError:
            owner = self.root.stat().st_uid if self.root.exists() else self.root.parent.stat().st_uid
            raise StateError(f"{self.root} belongs to another user (uid {owner}): use a clone of your own.") from None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise StateError(
                    f"Another ./dev demo or up runs in this checkout (process {file.read().strip()}): stop it first."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def logs(self) -> Path:
        """Return the directory of logs; those of the run before are kept beside, once."""
        directory = self.root / "logs"
        directory.mkdir(mode=0o700, exist_ok=True)
        for log in directory.glob("*.log"):
            log.replace(log.with_suffix(".log.1"))
        return directory

    def knows(self, name: str) -> bool:
        return (self.root / name).exists()

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """Return what is kept under a name, made at the first call and readable by its owner alone."""
        file = self.root / name
        if not file.exists():
            unfinished = file.with_suffix(".unfinished")
            unfinished.touch(mode=0o600)
            unfinished.write_text(make(), encoding="utf-8")
            unfinished.rename(file)
        return file.read_text(encoding="utf-8")

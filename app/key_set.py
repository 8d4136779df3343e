# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The keys that vouchers are signed with: read from a file, and read again when one is unknown."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.jwks import keys_in
from app.telemetry import log

KEPT, SPARED, TRUSTED = 600.0, 30.0, 3600.0
"""Seconds: the file is read again after so many; for an unknown key after fewer; keys that cannot be read anew end."""


class KeySet:
    """The keys of one file, as this process knows them."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the file at the first look; `clock` counts seconds."""
        self._path, self._clock = path, clock
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._looked_at = self._read_at = float("-inf")

    def key(self, name: str) -> RSAPublicKey | None:
        """Give the key of this name; the file is read again where it is old, or where the key is not known."""
        age = self._clock() - self._looked_at
        if age > KEPT or (name not in self._keys and age > SPARED):
            self._read()
        return self._keys.get(name) if self._clock() - self._read_at <= TRUSTED else None

    def _read(self) -> None:
        """Take what the file holds now; while it cannot be read the keys of before are used, but not for ever."""
        self._looked_at = self._clock()
        try:
            self._keys = keys_in(self._path.read_text(encoding="utf-8"))
            self._read_at = self._looked_at
        except (OSError, ValueError) as error:
            log.error("access.unread", error=type(error).__name__)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The keys that vouchers are signed with: read from a file or fetched, and looked for again when one is unknown."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.domain.errors import UnavailableError
from app.jwks import LARGEST, keys_in
from app.outgoing import Outgoing
from app.settings import Settings
from app.telemetry import log

KEPT, SPARED, TRUSTED = 600.0, 30.0, 3600.0
"""Seconds: keys are had anew after so many; nobody is asked twice within fewer; keys that cannot be had anew end."""

Read = Callable[[], Awaitable[str]]


class KeySet:
    """The keys of one place, as this process knows them; it is asked by one task at a time."""

    def __init__(
        self, read: Read, clock: Callable[[], float] = time.monotonic, outgoing: Outgoing | None = None
    ) -> None:
        """`read` gives the text of the key set, or raises what an address or a file does; `clock` counts seconds.

        `outgoing` is what it reads through, if it does, and is closed with it.
        """
        self._read, self._clock, self._outgoing = read, clock, outgoing
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._asked_at = self._had_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._is_away = False

    @classmethod
    def of(cls, settings: Settings, clock: Callable[[], float] = time.monotonic) -> Self | None:
        """Read the file, or fetch from the address, that an installation names; None where it names none."""
        if settings.voucher_keys_file is not None:
            return cls(partial(_read, settings.voucher_keys_file), clock)
        if settings.voucher_keys_url is not None:
            outgoing = Outgoing.of(settings)
            return cls(partial(_fetch, str(settings.voucher_keys_url), outgoing), clock, outgoing)
        return None

    async def key(self, name: str) -> RSAPublicKey | None:
        """Give the key of this name, or None; UnavailableError where no key can be told from a wrong one.

        While the place is away the keys of before are used, without a wait, but not for ever.
        """
        known = name in self._keys
        if not known or self._clock() - self._had_at > KEPT:
            asking = self._ask()
            if asking is not None and not (known and self._is_away and self._are_trusted()):
                await asyncio.shield(asking)
        if not self._are_trusted():
            raise UnavailableError(wait=int(SPARED))
        return self._keys.get(name)

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])
        if self._outgoing is not None:
            await self._outgoing.close()

    def _are_trusted(self) -> bool:
        return self._clock() - self._had_at <= TRUSTED

    def _ask(self) -> asyncio.Task[None] | None:
        """Give the look that is under way, or begin one unless the last was a moment ago."""
        if self._asking is None and self._clock() - self._asked_at > SPARED:
            self._asked_at = self._clock()
            self._asking = asyncio.create_task(self._had())
        return self._asking

    async def _had(self) -> None:
        """Take what is there now, or leave all as it is."""
        try:
            self._keys, self._had_at = keys_in(await self._read()), self._asked_at
            self._is_away = False
        except Exception as error:  # noqa: BLE001 - whatever it is, it opens nothing, and the keys of before are there
            self._is_away = True
            log.error("access.unread", error=type(error).__name__)
        finally:
            self._asking = None


async def _read(path: Path) -> str:
    return await asyncio.to_thread(path.read_text, encoding="utf-8")


async def _fetch(href: str, outgoing: Outgoing) -> str:
    """Get it from this address and from no other that it may point to."""
    return (await outgoing.fetch(href, LARGEST, redirects=0)).content.decode()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Sends alarms over whatever the operators use already; the only module that knows Apprise, which is an extra."""

import asyncio
from collections.abc import Sequence

from apprise import Apprise, NotifyType

from app.settings import SettingsError


class AlarmPost:
    """The addresses of CAMPANELLA_ALARM_URLS."""

    def __init__(self, urls: Sequence[str]) -> None:
        """Take the addresses; SettingsError for one that Apprise does not understand, by its place, never its text."""
        self._apprise = Apprise()
        for place, url in enumerate(urls, 1):
            if not self._apprise.add(url):
                raise SettingsError(f"CAMPANELLA_ALARM_URLS: Apprise does not understand address number {place}")

    async def send(self, title: str, body: str) -> bool:
        """Send to every address; False when one of them did not take it. Apprise waits in a thread, with timeouts."""
        result = await asyncio.to_thread(self._apprise.notify, body=body, title=title, notify_type=NotifyType.WARNING)
        return bool(result)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Wrong keys by address: who tries many is told to wait, and costs no look-up meanwhile. Nobody is locked out."""

import math
import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network

from app.domain.errors import AbnormalUsageError
from app.domain.rate import Policy, Standing

MOST = 10_000
MINUTE = 60


class WrongKeys:
    """The addresses from which wrong keys came to this process."""

    def __init__(self, per_minute: int) -> None:
        """Allow so many in a minute from one address; 0: any number."""
        self._policy = Policy("wrong-keys", per_minute, MINUTE) if per_minute else None
        self._until: OrderedDict[str, float] = OrderedDict()

    def wait(self, address: str | None) -> float:
        """Give the seconds until another wrong key from there is looked at, 0 for now."""
        if self._policy is None or address is None or not self._until:
            return 0.0
        return self._policy.wait(self._ahead(_network(address)))

    def refuse_many(self, address: str | None) -> None:
        """Raise AbnormalUsageError while another wrong key from there is not looked at."""
        wait = self.wait(address)
        if wait:
            raise AbnormalUsageError(wait=math.ceil(wait) + 1, violated=["wrong-keys"])

    def standing(self, address: str | None) -> Standing:
        """Say how an address stands, for whoever is answered before any key is known."""
        if self._policy is None or address is None:
            return Standing(())
        return Standing(((self._policy, self._ahead(_network(address))),))

    def count(self, address: str | None) -> None:
        """Note a wrong key."""
        if self._policy is None or address is None:
            return
        where = _network(address)
        self._until[where] = time.monotonic() + self._ahead(where) + self._policy.interval
        self._until.move_to_end(where)
        while len(self._until) > MOST:
            self._until.popitem(last=False)

    def _ahead(self, where: str) -> float:
        return max(0.0, self._until.get(where, 0.0) - time.monotonic())


def _network(address: str) -> str:
    """Give what one household has: an IPv4 address, or 64 bits of an IPv6 one."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address

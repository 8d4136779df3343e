# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Lists of networks, as settings and keys name them."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def networks(text: str) -> list[Network]:
    """Read a list of networks or addresses, separated by commas."""
    try:
        return [ip_network(one.strip()) for one in text.split(",") if one.strip()]
    except ValueError:
        raise ValueError("is not a list of networks such as 10.0.0.0/8, separated by commas") from None


def is_in(listed: Sequence[Network], address: str | None) -> bool:
    """Tell whether an address is in one of these networks; what is no address is in none."""
    try:
        place = ip_address(address or "")
    except ValueError:
        return False
    return any(place in network for network in listed)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which addresses that others chose may be spoken to: what can be told by looking at them, before any name is asked."""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Self
from urllib.parse import urlsplit

from app.domain.links import HOST, MAX_ADDRESS

PORTS = {443, 8443}
# What is_global lets through and differs on between Python versions: NAT64, 6to4, Teredo, old relays, site local.
DENIED = [
    ip_network(network)
    for network in (
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "fec0::/10",
        "192.88.99.0/24",
        "192.0.0.0/24",
    )
]
LONGEST_NAME = 253
_HERE = "localhost"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads: host is in small letters, port the one that is dialled."""

    scheme: str
    host: str
    port: int | None
    path: str = "/"
    has_user: bool = False

    @classmethod
    def of(cls, href: str) -> Self:
        """Read an address; ValueError where it cannot be read."""
        parts = urlsplit(href)
        port = 443 if parts.port is None and parts.scheme == "https" else parts.port
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        return cls(parts.scheme, parts.hostname or "", port, path, parts.username is not None)

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


def objection(place: Place, exceptions: Collection[str] = ()) -> str | None:
    """Say why nobody should be called there, or None; exceptions are hosts with ports that an installation names."""
    if place.name in exceptions:
        return None
    if place.scheme != "https" or place.has_user or place.port not in PORTS:
        return "only https on port 443 or 8443, without a user name, is called"
    if is_public(place.host) or _is_a_name(place.host):
        return None
    return "this host is no public one"


def objection_to(href: str, exceptions: Collection[str] = ()) -> str | None:
    """Say why nobody should be called at this address, or None."""
    if len(href) > MAX_ADDRESS:
        return f"the address is longer than {MAX_ADDRESS} characters"
    try:
        return objection(Place.of(href), exceptions)
    except ValueError:
        return "the address cannot be read"


def is_public(address: str) -> bool:
    """Tell whether an address is somebody else's public one."""
    try:
        found = ip_address(address)
    except ValueError:
        return False  # a scope id (fe80::1%eth0), or no address at all
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if _is_special(found) or not found.is_global:
        return False
    return not any(found in network for network in DENIED if network.version == found.version)


def _is_special(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or address.is_private
    )


def _is_a_name(host: str) -> bool:
    """Tell whether this is a name with a dot in it, and not one of the many spellings of an IPv4 address."""
    last = host.rpartition(".")[2]
    is_name = len(host) <= LONGEST_NAME and HOST.fullmatch(host) is not None
    return is_name and last != _HERE and not last.startswith("0x")

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The certificate that a caller showed to our proxy, as the proxy tells it (`Client-Cert`)."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from app.domain.proof import digest_of
from app.networks import Network, is_in

HEADER = b"client-cert"
PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE-----\n?")


class Certificates:
    """Believes the proxies of one installation, and nobody else."""

    def __init__(self, proxies: Sequence[Network] = ()) -> None:
        """Take the networks of those that are believed."""
        self._proxies = proxies

    def shown(self, scope: Mapping[str, Any]) -> str | None:
        """Give the thumbprint (x5t#S256) of the certificate behind a call; None where there is none to be believed."""
        given = [value for name, value in scope["headers"] if name == HEADER]
        if len(given) != 1 or not self._is_told_by_a_proxy(scope):
            return None
        try:
            der = base64.b64decode(_base64_in(given[0].decode("ascii")), validate=True)
        except (UnicodeDecodeError, binascii.Error):
            return None
        return digest_of(der) if der else None

    def _is_told_by_a_proxy(self, scope: Mapping[str, Any]) -> bool:
        client = scope.get("client")
        return is_in(self._proxies, client[0] if client else None)


def _base64_in(value: str) -> str:
    """Find the certificate in a byte sequence (RFC 9440) or in nginx's form, which is PEM with percent escapes."""
    if value.startswith(":") and value.endswith(":"):
        return value[1:-1]
    found = PEM.fullmatch(unquote(value))
    return found[1].replace("\n", "") if found else ""

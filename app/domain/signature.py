# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a signature of a call must say beside being one (the patterns INTEGRITY_REST_01 and 02 of the ModI)."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

LONGEST = 600
"""Seconds for which a signature may be good: its id must be remembered for as long."""
MOST_SIGNED = 20
ID = re.compile(r"[\x21-\x7e]{1,200}")
FOREIGN_KEYS = ("jku", "jwk", "x5u", "crit", "b64")
"""Headers by which a signature would bring, or lead to, the key that it is to be believed by."""
SIGNED_IF_GIVEN = ("content-type", "content-encoding")
ALGORITHM = "SHA-256"
Given = Callable[[str], Sequence[str]]
"""Gives the values of a header of the call, by its name in small letters."""


class UnfitError(ValueError):
    """A signature that does not fit its call; the message says why, for our log alone."""


def key_named(header: Mapping[str, Any]) -> str:
    """Give the name of the key: the hash of the certificate that the header holds or names, or else its `kid`."""
    if header.get("typ") != "JWT":
        raise UnfitError("the type")
    if any(name in header for name in FOREIGN_KEYS):
        raise UnfitError("a key of its own")
    names = [_of_chain(header["x5c"])] if "x5c" in header else []
    names += [header["x5t#S256"]] if "x5t#S256" in header else []
    names = names or [header.get("kid")]
    if not isinstance(names[0], str) or any(name != names[0] for name in names):
        raise UnfitError("no name of a key")
    return names[0]


def refuse_unfit(claims: Mapping[str, Any], given: Given, body: bytes) -> None:
    """Compare what is signed with the call; claims that are not of the right kind raise UnfitError as well."""
    _refuse_untimely(claims)
    number = claims.get("jti")
    if not isinstance(number, str) or ID.fullmatch(number) is None:
        raise UnfitError("jti")
    signed = _headers(claims.get("signed_headers"))
    needed = {"digest", *(name for name in SIGNED_IF_GIVEN if given(name))}
    if not needed <= signed.keys():
        raise UnfitError("a header is not signed")
    if any(list(given(name)) != [value] for name, value in signed.items()):
        raise UnfitError("a header is another")
    if not _is_of(signed["digest"], body):
        raise UnfitError("the digest")


def _refuse_untimely(claims: Mapping[str, Any]) -> None:
    """Bound how long it is good; that it is good now is looked at with the signature."""
    since, until = claims.get("iat"), claims.get("exp")
    if type(since) is not int or type(until) is not int or not 0 < until - since <= LONGEST:
        raise UnfitError("iat and exp")


def _of_chain(chain: object) -> str | None:
    """Hash the first certificate of a chain, which is the signer's own."""
    try:
        first = base64.b64decode(chain[0], validate=True) if isinstance(chain, list) else b""
    except (binascii.Error, ValueError, TypeError, IndexError):
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(first).digest()).rstrip(b"=").decode()


def _headers(rows: object) -> dict[str, str]:
    """Read the list of headers, each an object of one member."""
    if not isinstance(rows, list) or len(rows) > MOST_SIGNED:
        raise UnfitError("signed_headers")
    pairs = [pair for row in rows if isinstance(row, Mapping) and len(row) == 1 for pair in row.items()]
    found = dict(pairs)
    if len(found) != len(rows) or not all(isinstance(value, str) and name.islower() for name, value in pairs):
        raise UnfitError("signed_headers")
    return found


def _is_of(told: str, body: bytes) -> bool:
    name, _, value = told.partition("=")
    made = base64.b64encode(hashlib.sha256(body).digest())
    return name.upper() == ALGORITHM and hmac.compare_digest(made, value.encode())

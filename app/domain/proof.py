# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What proves that a caller holds what its voucher is bound to: a certificate (RFC 8705) or a key (DPoP, RFC 9449)."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

FRESH = 60
"""Seconds by which a proof may be older or younger than this moment."""
ID = re.compile(r"[ -~]{1,200}")
LONGEST_MEMBER = 700
"""Characters of one number of a key: those of 4096 bits."""
KINDS: Mapping[str, tuple[str, str | None]] = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "PS256": ("RSA", None),
    "RS256": ("RSA", None),
    "EdDSA": ("OKP", "Ed25519"),
}
"""The algorithms that a proof may be signed with, and the keys that they are for."""
MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
"""What a thumbprint covers (RFC 7638, RFC 8037)."""
SECRETS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
DEFAULT_PORTS = {"https": 443, "http": 80}
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
"""SHA-256 in base64url: 43 characters, the last of which holds four bits."""
ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")


@dataclass(frozen=True, slots=True)
class Bound:
    """The thumbprints that a voucher is bound to: of a certificate, of a key, of both, or of neither."""

    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What a proof must be made for: method, target (as `target_of` gives it), voucher, and the moment in seconds."""

    method: str
    target: str
    voucher: str
    now: float


def bound_to(claims: Mapping[str, Any]) -> Bound | None:
    """Give what a voucher is bound to; None where it is bound in a way that is not known here: then nobody holds it."""
    if "cnf" not in claims:
        return Bound()
    said = claims["cnf"]
    if not isinstance(said, Mapping) or not said or not {"x5t#S256", "jkt"}.issuperset(said):
        return None
    if not all(isinstance(each, str) and THUMBPRINT.fullmatch(each) for each in said.values()):
        return None
    return Bound(said.get("x5t#S256"), said.get("jkt"))


def key_of(header: Mapping[str, Any]) -> dict[str, str] | None:
    """Give the public key that a proof brings, if its header is that of a proof and the key suits the algorithm."""
    given = header.get("jwk")
    kind, curve = KINDS.get(str(header.get("alg")), ("", None))
    if not kind or header.get("typ") != "dpop+jwt" or "crit" in header or not isinstance(given, Mapping):
        return None
    if given.get("kty") != kind or given.get("crv") != curve or not SECRETS.isdisjoint(given):
        return None
    members = {name: given.get(name) for name in MEMBERS[kind]}
    well = all(isinstance(each, str) and 0 < len(each) <= LONGEST_MEMBER for each in members.values())
    return {name: str(each) for name, each in members.items()} if well else None


def thumbprint_of(key: Mapping[str, str]) -> str:
    """Give the thumbprint of a key as `key_of` gives it (RFC 7638, SHA-256)."""
    return digest_of(json.dumps(dict(key), sort_keys=True, separators=(",", ":")).encode())


def digest_of(data: bytes) -> str:
    """Give SHA-256 as tokens write it: base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def is_made_for(claims: Mapping[str, Any], call: Call) -> bool:
    """Tell whether a proof is for this call and of this moment; whether it comes a second time is asked elsewhere."""
    iat, jti = claims.get("iat"), claims.get("jti")
    if not isinstance(iat, int | float) or not call.now - FRESH <= iat <= call.now + FRESH:
        return False
    if not isinstance(jti, str) or not ID.fullmatch(jti):
        return False
    this = claims.get("htm") == call.method and target_of(claims.get("htu")) == call.target
    return this and claims.get("ath") == digest_of(call.voucher.encode())


def target_of(address: object) -> str | None:
    """Give an address without query and fragment, in the one form of all its spellings; None for what is none."""
    try:
        parts = urlsplit(address) if isinstance(address, str) else None
        port = parts.port if parts is not None else None
    except ValueError:
        return None
    if parts is None or parts.scheme not in DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    place = parts.hostname if port in (None, DEFAULT_PORTS[parts.scheme]) else f"{parts.hostname}:{port}"
    return f"{parts.scheme}://{place}{ESCAPE.sub(_unescaped, parts.path) or '/'}"


def _unescaped(escape: re.Match[str]) -> str:
    """Write an escape that need not be one as what it stands for, and any other with capitals."""
    letter = chr(int(escape[1], 16))
    return letter if UNRESERVED.fullmatch(letter) else escape[0].upper()

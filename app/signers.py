# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What sources sign their calls with: a certificate or a public key, as it is registered, in PEM."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509 import Certificate, load_pem_x509_certificate
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from app.jwks import FEWEST_BITS

NO_SIGNER = "is neither a certificate nor a public key in PEM, of RSA with 2048 bits at least or of P-256 or P-384"
OF_RSA = ("RS256", "RS384", "RS512", "PS256")
OF_CURVES = {"secp256r1": ("ES256",), "secp384r1": ("ES384",)}
"""The algorithms that a signature may be of; a key is good for its own alone."""
THUMB = ("crv", "e", "kty", "n", "x", "y")
"""Members of a key that its name is made of, in order (RFC 7638); PDND names keys in the same way."""
Key = RSAPublicKey | EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class Signer:
    """A key under the name that signatures know it by, in force for as long as its certificate is, if it has one."""

    name: str
    key: Key
    algorithms: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None

    def is_in_force(self, now: datetime) -> bool:
        return (self.since is None or self.since <= now) and (self.until is None or now <= self.until)


@lru_cache(maxsize=256)
def signer(text: str) -> Signer:
    """Read one; ValueError where it is none that may be signed with."""
    found = _loaded(text)
    key = found.public_key() if isinstance(found, Certificate) else found
    if isinstance(key, RSAPublicKey) and key.key_size >= FEWEST_BITS:
        algorithms: tuple[str, ...] = OF_RSA
    elif isinstance(key, EllipticCurvePublicKey) and key.curve.name in OF_CURVES:
        algorithms = OF_CURVES[key.curve.name]
    else:
        raise ValueError(NO_SIGNER)
    if isinstance(found, Certificate):
        name = hashed(found.public_bytes(Encoding.DER))
        return Signer(name, key, algorithms, found.not_valid_before_utc, found.not_valid_after_utc)
    return Signer(_thumb(key), key, algorithms)


def checked_signer(text: str) -> str:
    """Give the same in the one form that it is kept in; ValueError where it is none."""
    signer(text)
    found = _loaded(text)
    if isinstance(found, Certificate):
        return found.public_bytes(Encoding.PEM).decode()
    return found.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def hashed(content: bytes) -> str:
    """Name something by its SHA-256, as JOSE does."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _loaded(text: str) -> Certificate | Key:
    if text.count("-----BEGIN ") != 1:
        raise ValueError(NO_SIGNER)
    try:
        if "-----BEGIN CERTIFICATE-----" in text:
            return load_pem_x509_certificate(text.encode())
        found = load_pem_public_key(text.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(NO_SIGNER) from None
    if not isinstance(found, Key):
        raise ValueError(NO_SIGNER)  # noqa: TRY004 - of the text, not of a caller of ours
    return found


def _thumb(key: Key) -> str:
    told = RSAAlgorithm.to_jwk(key) if isinstance(key, RSAPublicKey) else ECAlgorithm.to_jwk(key)
    members = json.loads(told)
    needed = {name: members[name] for name in THUMB if name in members}
    return hashed(json.dumps(needed, separators=(",", ":")).encode())

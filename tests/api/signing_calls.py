# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Calls signed as another administration would sign them, with a certificate or with a key."""

import base64
import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from tests.api.calling import JSON

Secret = EllipticCurvePrivateKey | RSAPrivateKey
SECRET, OLD_SECRET, FOREIGN_SECRET = (generate_private_key(SECP256R1()) for _ in range(3))


def certificate(secret: Secret, *, days: int = 30) -> x509.Certificate:
    """Certify a key for so many days from ten days ago."""
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Un altro ente")])
    since = datetime.now(UTC) - timedelta(days=10)
    built = x509.CertificateBuilder(who, who, secret.public_key(), x509.random_serial_number())
    return built.not_valid_before(since).not_valid_after(since + timedelta(days=days)).sign(secret, hashes.SHA256())


def pem(found: x509.Certificate | Secret) -> str:
    if isinstance(found, x509.Certificate):
        return found.public_bytes(Encoding.PEM).decode()
    return found.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def chain(found: x509.Certificate) -> list[str]:
    return [base64.b64encode(found.public_bytes(Encoding.DER)).decode()]


def hashed(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def thumb(secret: RSAPrivateKey) -> str:
    """Name a key as the platform does, by hand."""
    told: Any = RSAAlgorithm.to_jwk(secret.public_key(), as_dict=True)
    return hashed(f'{{"e":"{told["e"]}","kty":"RSA","n":"{told["n"]}"}}'.encode())


OURS, EXPIRED, FOREIGN = certificate(SECRET), certificate(OLD_SECRET, days=9), certificate(FOREIGN_SECRET)


def digest(body: bytes) -> str:
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


def claims(body: bytes, audience: str, **others: Any) -> dict[str, Any]:
    """Say what a signature says; a claim that is None is left out."""
    now = int(time.time())
    said = {"iat": now, "exp": now + 500, "aud": audience, "jti": str(uuid4())}
    said["signed_headers"] = [{"digest": digest(body)}, {"content-type": JSON}]
    return {name: value for name, value in {**said, **others}.items() if value is not None}


def headed(token: str, body: bytes, **others: str) -> dict[str, str]:
    return {"Agid-JWT-Signature": token, "Digest": digest(body), **others}


def signed(
    body: bytes,
    audience: str,
    *,
    secret: Secret = SECRET,
    header: Mapping[str, Any] | None = None,
    **others: Any,
) -> dict[str, str]:
    """Give the headers of a signed call; without a `header` it names our certificate by its chain."""
    algorithm = "RS256" if isinstance(secret, RSAPrivateKey) else "ES256"
    named = {"x5c": chain(OURS)} if header is None else header
    said = claims(body, audience, **others)
    return headed(jwt.encode(said, secret, algorithm, headers={"typ": "JWT", **named}), body)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Certificates that vouch for themselves, as files and as what their thumbprints are made of."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.domain.proof import digest_of

NAME = "campanella.comune.example.it"
"""The name in the configuration as it is shipped."""


@dataclass(frozen=True)
class Paper:
    certificate: Path
    key: Path
    der: bytes

    @property
    def thumbprint(self) -> str:
        return digest_of(self.der)

    def shown_to(self, server: "Paper") -> ssl.SSLContext:
        """Give the TLS of a client that believes this server and shows this certificate."""
        context = trusting(server)
        context.load_cert_chain(self.certificate, self.key)
        return context


def trusting(server: Paper) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.certificate)


def paper(folder: Path, *, ended: bool = False) -> Paper:
    """Make a certificate for the shipped name, good for a day, or until yesterday."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC) - timedelta(days=2 if ended else 0)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    stem = str(x509.random_serial_number())
    files = folder / f"{stem}.pem", folder / f"{stem}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(secret)
    return Paper(*files, made.public_bytes(serialization.Encoding.DER))

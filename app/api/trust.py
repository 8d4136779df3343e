# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a source is believed by beside its keys: vouchers of the national platform, and signatures of its calls."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.signers import checked_signer

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PURPOSES = "Purposes of the national platform, as consumerId/purposeId, whose vouchers are keys of this source."
PURPOSE = "69e2865e-65ab-4e48-a638-2037a9ee2ee7/1b361d49-33f4-4f1e-a88b-4e12661f2300"
Vouchers = Annotated[
    list[Annotated[str, Field(max_length=73, pattern=f"^{UUID}/{UUID}$", examples=[PURPOSE])]],
    Field(max_length=50, description=PURPOSES),
]
SIGNER = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfPGehDhXnhFbFqsGeE+d7FfcDkWm
V9/M9kkFqJCYlpGCm5iwAzFgpcbHgSacerNnPopuIhURAAUQGU1MHTun9w==
-----END PUBLIC KEY-----
"""
Signer = Annotated[
    str,
    Field(
        max_length=8192,
        pattern=r"^-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[A-Za-z0-9+/=\s]+-----END (CERTIFICATE|PUBLIC KEY)-----\s*$",
        examples=[SIGNER],
    ),
    AfterValidator(checked_signer),
]
SIGNERS = (
    "Certificates and public keys, in PEM, that this source signs its calls with; if there are any, each of its calls "
    "with a body must be signed (`Agid-JWT-Signature`). Two at once let it change from one to the other."
)
Signers = Annotated[list[Signer], Field(max_length=4, description=SIGNERS)]
SignersShown = Annotated[list[Annotated[str, Field(max_length=8192)]], Field(max_length=4, description=SIGNERS)]

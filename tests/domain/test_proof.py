# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a voucher is bound to, and what a proof must be: with the examples of RFC 8705 and RFC 9449."""

from typing import Any

import pytest

from app.domain.proof import Bound, Call, bound_to, digest_of, is_made_for, key_of, target_of, thumbprint_of

JWK = {
    "kty": "EC",
    "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    "crv": "P-256",
}
JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
TOKEN, ATH = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
X5T = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
HEADER: dict[str, Any] = {"typ": "dpop+jwt", "alg": "ES256", "jwk": JWK}
NOW = 1562262618
CLAIMS: dict[str, Any] = {
    "jti": "e1j3V_bKic8-LAEB",
    "htm": "GET",
    "htu": "https://resource.example.org/protectedresource",
    "iat": NOW,
    "ath": ATH,
}
CALL = Call("GET", "https://resource.example.org/protectedresource", TOKEN, NOW)
RSA = {"kty": "RSA", "n": "0vx7agoebGc", "e": "AQAB"}
OKP = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


def test_the_thumbprint_of_the_example_is_the_published_one() -> None:
    key = key_of(HEADER)

    assert key is not None
    assert thumbprint_of(key) == JKT
    assert thumbprint_of(key_of({**HEADER, "alg": "EdDSA", "jwk": OKP}) or {}) == (
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037, appendix A.3
    )


def test_the_digest_of_a_voucher_is_the_published_one() -> None:
    assert digest_of(TOKEN.encode()) == ATH


@pytest.mark.parametrize(
    "change",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"alg": "RS256"},
        {"alg": ["ES256"]},
        {"alg": None},
        {"crit": ["b64"]},
        {"jwk": None},
        {"jwk": JKT},
        {"jwk": {**JWK, "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}},
        {"jwk": {**JWK, "crv": "P-384"}},
        {"jwk": {**JWK, "y": None}},
        {"jwk": {**JWK, "x": "x" * 701}},
        {"jwk": {"kty": "oct", "k": "c2VjcmV0"}, "alg": "HS256"},
        {"jwk": {"kty": ""}, "alg": ""},
        {"jwk": RSA},
        {"jwk": {**RSA, "n": 5}, "alg": "RS256"},
    ],
)
def test_a_proof_is_headed_as_one_and_brings_a_public_key_of_a_known_kind(change: dict[str, Any]) -> None:
    assert key_of({**HEADER, **change}) is None


@pytest.mark.parametrize(("alg", "jwk"), [("RS256", RSA), ("PS256", RSA), ("EdDSA", OKP)])
def test_only_what_the_thumbprint_covers_is_taken_of_a_key(alg: str, jwk: dict[str, str]) -> None:
    assert key_of({**HEADER, "alg": alg, "jwk": {**jwk, "kid": "k1", "use": "sig"}}) == jwk


@pytest.mark.parametrize("iat", [NOW - 60, NOW, NOW + 60, NOW + 0.5])
def test_a_proof_of_the_last_minute_is_good(iat: float) -> None:
    assert is_made_for({**CLAIMS, "iat": iat}, CALL)


@pytest.mark.parametrize(
    "change",
    [
        {"iat": NOW - 61},
        {"iat": NOW + 61},
        {"iat": float("nan")},
        {"iat": float("inf")},
        {"iat": 10**400},
        {"iat": str(NOW)},
        {"iat": True},
        {"iat": None},
        {"jti": ""},
        {"jti": "x" * 201},
        {"jti": "a\x00b"},
        {"jti": 7},
        {"htm": "get"},
        {"htm": "POST"},
        {"htu": "https://resource.example.org/protectedresource/"},
        {"htu": "https://resource.example.org:8443/protectedresource"},
        {"htu": "http://resource.example.org/protectedresource"},
        {"htu": "https://user@resource.example.org/protectedresource"},
        {"htu": "/protectedresource"},
        {"htu": None},
        {"ath": None},
        {"ath": digest_of(b"another")},
    ],
)
def test_a_proof_of_another_call_or_moment_is_none(change: dict[str, Any]) -> None:
    assert not is_made_for({**CLAIMS, **change}, CALL)


@pytest.mark.parametrize(
    "spelled",
    [
        "https://resource.example.org/protectedresource?a=b#c",
        "HTTPS://RESOURCE.example.org:443/protectedresource",
        "https://resource.example.org/%70rotectedresource",
    ],
)
def test_all_spellings_of_one_target_are_one(spelled: str) -> None:
    assert target_of(spelled) == CALL.target
    assert is_made_for({**CLAIMS, "htu": spelled}, CALL)


def test_what_is_another_path_stays_another() -> None:
    assert target_of("https://a.example/a%2fb") == "https://a.example/a%2Fb"
    assert target_of("http://a.example:80") == "http://a.example/"
    assert target_of("https://a.example:99999/") is None
    assert target_of("https://[::1/") is None


@pytest.mark.parametrize(
    ("claims", "bound"),
    [
        ({}, Bound()),
        ({"cnf": {"jkt": JKT}}, Bound(None, JKT)),
        ({"cnf": {"x5t#S256": X5T}}, Bound(X5T, None)),
        ({"cnf": {"x5t#S256": X5T, "jkt": JKT}}, Bound(X5T, JKT)),
        ({"cnf": None}, None),
        ({"cnf": {}}, None),
        ({"cnf": JKT}, None),
        ({"cnf": {"jkt": None}}, None),
        ({"cnf": {"jkt": JKT + "="}}, None),
        ({"cnf": {"jkt": JKT[:-1] + "J"}}, None),
        ({"cnf": {"kid": "k1"}}, None),
        ({"cnf": {"jkt": JKT, "jwk": JWK}}, None),
    ],
)
def test_a_voucher_that_is_bound_in_a_way_that_is_not_known_is_nobodys(
    claims: dict[str, Any], bound: Bound | None
) -> None:
    assert bound_to(claims) == bound

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Vouchers that are bound to a key or to a certificate: good with the proof alone, and one answer for all else."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from app.database import Pool
from app.domain.proof import digest_of, key_of, thumbprint_of
from app.proofs import Proofs
from app.settings import Settings
from tests.api.calling import Answer, Caller, patiently, served
from tests.api.test_vouchers import AUDIENCE, ISSUER, KEY, PRODUCER, published
from tests.domain.test_proof import JKT, NOW, TOKEN, X5T

PUBLIC = "https://campanella.comune.example.it"
PROOF = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq"
    "dGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNv"
    "dXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqz"
    "hrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
"""The proof in section 7.1 of RFC 9449, for the voucher and by the key of its other examples."""
CERTIFICATE = (
    ":MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwE"
    "bXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGG"
    "WvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUa"
    "KlLR50Q2DmFfQj1L+SY=:"
)
"""The certificate of RFC 8705, appendix A, as RFC 9440 writes one."""


@dataclass(frozen=True)
class Holder:
    """Somebody with a key of their own, who proves to hold it."""

    key: Any
    alg: str
    jwk: Mapping[str, Any]

    @property
    def thumbprint(self) -> str:
        return thumbprint_of(key_of({"typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk}) or {})

    def proof(self, token: str, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """Prove for a call that lists services; a claim that is None is left out."""
        said = {"jti": str(uuid4()), "htm": "GET", "htu": f"{PUBLIC}/v1/services", "iat": int(time.time())}
        said |= {"ath": digest_of(token.encode()), **claims}
        said = {name: value for name, value in said.items() if value is not None}
        headers = {"typ": "dpop+jwt", "jwk": self.jwk, **(header or {})}
        return jwt.encode(said, self.key, self.alg, headers=headers)


def a_holder(alg: str = "ES256") -> Holder:
    if alg == "EdDSA":
        signs = ed25519.Ed25519PrivateKey.generate()
        return Holder(signs, alg, json.loads(OKPAlgorithm.to_jwk(signs.public_key())))
    if alg.startswith("ES"):
        key = ec.generate_private_key(ec.SECP256R1() if alg == "ES256" else ec.SECP384R1())
        return Holder(key, alg, json.loads(ECAlgorithm.to_jwk(key.public_key())))
    own = rsa.generate_private_key(65537, 2048)
    jwk = json.loads(RSAAlgorithm.to_jwk(own.public_key()))
    return Holder(own, alg, {name: jwk[name] for name in ("kty", "n", "e")})


@dataclass(frozen=True)
class City:
    """Two API processes of one installation, and what a voucher says there."""

    first: Caller
    second: Caller
    claims: Mapping[str, Any]

    def voucher(self, **confirmation: str) -> str:
        said = {**self.claims, "cnf": confirmation} if confirmation else dict(self.claims)
        return jwt.encode(said, KEY, "RS256", headers={"typ": "at+jwt", "kid": "k1"})

    async def ask(self, token: str, *proofs: str, scheme: str = "DPoP", path: str = "/v1/services") -> Answer:
        return await asked(self.first, token, *proofs, scheme=scheme, path=path)


async def asked(
    caller: Caller, token: str, *proofs: str, scheme: str = "DPoP", path: str = "/v1/services", method: str = "GET"
) -> Answer:
    headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in proofs)]
    async with caller.session.request(method, path, headers=headers) as answer:
        text = await answer.text()
        return Answer(answer.status, answer.headers, text, json.loads(text) if text else None)


@pytest.fixture(scope="module")
async def city(settings: Settings, pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    path = tmp_path_factory.mktemp("vouchers") / "keys.json"
    path.write_text(published(k1=KEY))
    ours = {"voucher_keys_file": path, "voucher_audience": AUDIENCE, "voucher_producer": PRODUCER}
    ours |= {"public_url": PUBLIC, "trusted_proxies": "127.0.0.1/32"}
    known = settings.model_copy(update=ours)
    async with served(known, pool) as first, served(known, pool) as second:
        source, consumer, purpose = await first.a_source(), str(uuid4()), str(uuid4())
        await first.patch(f"/v1/sources/{source.slug}", {"vouchers": [f"{consumer}/{purpose}"]})
        now, client = int(time.time()), str(uuid4())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 3600, "jti": str(uuid4())}
        claims |= {"sub": client, "client_id": client, "purposeId": purpose, "producerId": PRODUCER}
        claims |= {"consumerId": consumer, "eserviceId": str(uuid4()), "descriptorId": str(uuid4())}
        yield City(first, second, claims)


HOLDER, STRANGER = a_holder(), a_holder()
DEEP = "[" * 3000


def bound(city: City) -> str:
    return city.voucher(jkt=HOLDER.thumbprint)


def by_hand(header: Mapping[str, Any], proof: str) -> str:
    """Give a proof another header and leave its signature."""
    made = jwt.utils.base64url_encode(json.dumps(header).encode()).decode()
    return ".".join([made, *proof.split(".")[1:]])


Wrong = Callable[[str], tuple[str, ...]]
WRONG: dict[str, Wrong] = {
    "no proof": lambda _: (),
    "two proofs": lambda token: (HOLDER.proof(token), HOLDER.proof(token)),
    "another's key": lambda token: (STRANGER.proof(token),),
    "another's signature": lambda token: (
        by_hand({"typ": "dpop+jwt", "alg": "ES256", "jwk": HOLDER.jwk}, STRANGER.proof(token)),
    ),
    "no signature": lambda token: (
        by_hand({"typ": "dpop+jwt", "alg": "none", "jwk": HOLDER.jwk}, HOLDER.proof(token)),
    ),
    "another type": lambda token: (HOLDER.proof(token, {"typ": "JWT"}),),
    "the voucher as its own proof": lambda token: (token,),
    "another method": lambda token: (HOLDER.proof(token, htm="POST"),),
    "another path": lambda token: (HOLDER.proof(token, htu=f"{PUBLIC}/v1/notices"),),
    "another host": lambda token: (HOLDER.proof(token, htu="https://altrove.example/v1/services"),),
    "no address": lambda token: (HOLDER.proof(token, htu=None),),
    "too old": lambda token: (HOLDER.proof(token, iat=int(time.time()) - 3600),),
    "of the future": lambda token: (HOLDER.proof(token, iat=int(time.time()) + 3600),),
    "ended": lambda token: (HOLDER.proof(token, exp=int(time.time()) - 3600),),
    "a moment beyond all": lambda token: (HOLDER.proof(token, iat=float("inf")),),
    "no moment": lambda token: (HOLDER.proof(token, iat=None),),
    "no digest of the voucher": lambda token: (HOLDER.proof(token, ath=None),),
    "the digest of another voucher": lambda token: (HOLDER.proof(token + "x"),),
    "no id": lambda token: (HOLDER.proof(token, jti=None),),
    "an id that is no text": lambda token: (HOLDER.proof(token, jti="\x00"),),
    "too long": lambda token: (HOLDER.proof(token, more="x" * 5000),),
    "deep": lambda _: (jwt.utils.base64url_encode(DEEP.encode()).decode() + ".e30.e30",),
    "no token": lambda _: ("DPoP",),
}


@pytest.mark.parametrize("alg", ["ES256", "ES384", "RS256", "PS256", "EdDSA"])
async def test_a_voucher_that_is_bound_to_a_key_is_good_with_a_proof_for_the_call(city: City, alg: str) -> None:
    holder = a_holder(alg)
    token = city.voucher(jkt=holder.thumbprint)

    assert (await city.ask(token, holder.proof(token))).status == 200
    assert (await city.ask(token, holder.proof(token), path="/v1/services?limit=1")).status == 200


@pytest.mark.parametrize("wrong", WRONG)
async def test_whatever_is_wrong_with_a_proof_the_answer_is_that_of_a_wrong_key(city: City, wrong: str) -> None:
    token = bound(city)
    expected = await city.first.having("camp_live_nobody").get("/v1/services")

    answer = await city.ask(token, *WRONG[wrong](token))

    seen = [{**each.body, "instance": ""} for each in (answer, expected)]
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, expected.headers["WWW-Authenticate"])
    assert seen[0] == seen[1]


async def test_the_answer_says_which_proofs_are_taken_where_vouchers_are(city: City, operator: Caller) -> None:
    here = await city.first.having(None).get("/v1/services")
    elsewhere = await operator.having(None).get("/v1/services")

    assert here.headers["WWW-Authenticate"] == 'Bearer, DPoP algs="ES256 ES384 PS256 RS256 EdDSA"'
    assert elsewhere.headers["WWW-Authenticate"] == "Bearer"


async def test_the_scheme_is_that_of_the_voucher(city: City) -> None:
    token, free = bound(city), city.voucher()
    key = await city.first.a_source()

    refused = [
        await city.ask(token, HOLDER.proof(token), scheme="Bearer"),
        await city.ask(free, HOLDER.proof(free)),
        await city.ask(free, scheme="Basic"),
        await city.ask(str(key.key), HOLDER.proof(str(key.key))),
    ]

    assert [answer.status for answer in refused] == [401] * 4
    assert (await city.ask(free, scheme="Bearer")).status == 200


async def test_a_proof_is_good_once_in_all_processes(city: City) -> None:
    token = bound(city)
    proof = HOLDER.proof(token)

    calls = [partial(asked, caller, token, proof) for caller in (city.first, city.second) * 5]
    answers = await asyncio.gather(*map(patiently, calls))
    later = await asked(city.second, token, proof)
    other = await city.ask(token, HOLDER.proof(token))

    assert sorted(answer.status for answer in answers) == [200, *[401] * 9]
    assert (later.status, other.status) == (401, 200)


async def test_one_id_is_of_one_key(city: City) -> None:
    number, another = str(uuid4()), a_holder()
    tokens = [city.voucher(jkt=holder.thumbprint) for holder in (HOLDER, another)]

    answers = [
        await city.ask(token, holder.proof(token, jti=number))
        for token, holder in zip(tokens, (HOLDER, another), strict=True)
    ]

    assert [answer.status for answer in answers] == [200, 200]


async def test_a_refused_proof_is_not_used_up(city: City) -> None:
    token = bound(city)
    proof = HOLDER.proof(token)

    refused = await city.ask(token, proof, path="/v1/notices")

    assert (refused.status, (await city.ask(token, proof)).status) == (401, 200)


async def test_the_head_of_an_answer_is_asked_for_with_a_proof_for_that(city: City) -> None:
    token = bound(city)

    head = await asked(city.first, token, HOLDER.proof(token, htm="HEAD"), method="HEAD")
    get = await asked(city.first, token, HOLDER.proof(token, htm="GET"), method="HEAD")

    assert (head.status, get.status) == (200, 401)


@pytest.mark.parametrize("cnf", [{"kid": "k1"}, {"jkt": "short"}, {"jkt": JKT, "jwk": "x"}])
async def test_a_voucher_that_is_bound_in_a_way_that_is_not_known_is_no_key(city: City, cnf: dict[str, str]) -> None:
    token = city.voucher(**cnf)

    assert [(await city.ask(token, scheme=scheme)).status for scheme in ("Bearer", "DPoP")] == [401, 401]


async def test_a_voucher_that_is_bound_to_a_certificate_is_good_with_that_one(city: City) -> None:
    token = city.voucher(**{"x5t#S256": X5T})
    both = city.voucher(**{"x5t#S256": X5T, "jkt": HOLDER.thumbprint})

    good = await city.first.having(token).get("/v1/services", Client_Cert=CERTIFICATE)
    bad = await city.first.having(token).get("/v1/services")
    half = await city.ask(both, HOLDER.proof(both))

    assert (good.status, bad.status, half.status) == (200, 401, 401)


async def test_the_example_of_the_rfc_is_a_proof_once(pool: Pool) -> None:
    await pool.execute("delete from token_seen where whose = $1", f"dpop {JKT}")
    proofs = Proofs(pool, "https://resource.example.org")
    scope = {"method": "GET", "path": "/protectedresource", "headers": [(b"dpop", PROOF.encode())]}

    with time_machine.travel(NOW, tick=True):
        given = [await proofs.is_given(scope, *pair) for pair in ((TOKEN, JKT), (TOKEN, JKT), (TOKEN, X5T), ("x", JKT))]
    late = await proofs.is_given(scope, TOKEN, JKT)

    assert (given, late) == ([True, False, False, False], False)


async def test_a_voucher_that_is_deeper_than_a_reader_goes_is_refused_as_any(city: City) -> None:
    token = jwt.utils.base64url_encode(b"[" * 6000).decode() + ".e30.e30"

    assert [(await city.ask(token, scheme=scheme)).status for scheme in ("Bearer", "DPoP")] == [401, 401]


async def test_callers_without_any_of_this_leave_nothing_behind(city: City, pool: Pool) -> None:
    before = await pool.fetchval("select count(*) from token_seen")

    await city.ask(city.voucher(), scheme="Bearer")
    await (await city.first.a_source()).get("/v1/services")

    assert await pool.fetchval("select count(*) from token_seen") == before

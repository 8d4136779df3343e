# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Vouchers of the national platform (PDND) as keys: one that is right, and one answer for all that are not."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from app.database import Pool
from app.domain.errors import UnavailableError
from app.jwks import keys_in
from app.key_set import KeySet
from app.settings import Settings, SettingsError, load
from tests.api.calling import Answer, Caller, served, some_settings

ISSUER, AUDIENCE, PRODUCER = "interop.pagopa.it", "https://campanella.comune.example.it/v1", str(uuid4())
EVIDENCE = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
KEY, ANOTHER = (generate_private_key(65537, 2048) for _ in range(2))


def published(**keys: RSAPrivateKey) -> str:
    rows = [{**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": name} for name, key in keys.items()]
    return json.dumps({"keys": rows})


@dataclass
class City:
    """An installation that takes vouchers, a source, and what its voucher says."""

    operator: Caller
    source: str
    service: str
    claims: dict[str, Any]

    def voucher(self, key: Any = KEY, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """Sign a voucher; a claim that is None is left out."""
        said = {name: value for name, value in {**self.claims, **claims}.items() if value is not None}
        return jwt.encode(said, key, "RS256", headers={"typ": "at+jwt", "kid": "k1", **(header or {})})

    async def hand_in(self, token: str, **headers: str) -> Answer:
        notice = {"event_id": str(uuid4()), "service": self.service, "texts": {"it": {"title": "Avviso"}}}
        return await self.operator.having(token).post("/v1/notices", notice, **headers)


@pytest.fixture(scope="module")
async def city(settings: Settings, pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    path = tmp_path_factory.mktemp("vouchers") / "keys.json"
    path.write_text(published(k1=KEY))
    ours = {"voucher_keys_file": path, "voucher_audience": AUDIENCE, "voucher_producer": PRODUCER}
    async with served(settings.model_copy(update={**ours, "wrong_keys_per_minute": 0}), pool) as operator:
        source, consumer, purpose = await operator.a_source(), str(uuid4()), str(uuid4())
        await operator.patch(f"/v1/sources/{source.slug}", {"vouchers": [f"{consumer}/{purpose}"]})
        now, client = int(time.time()), str(uuid4())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 3600, "jti": str(uuid4())}
        claims |= {"sub": client, "client_id": client, "purposeId": purpose, "producerId": PRODUCER}
        claims |= {"consumerId": consumer, "eserviceId": str(uuid4()), "descriptorId": str(uuid4())}
        yield City(operator, source.slug, await operator.a_service(), claims)


def public_pem(key: RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def by_hand(header: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Make a token as no library would."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (header, claims)]
    body = b".".join(parts)
    return (body + b"." + base64.urlsafe_b64encode(sign(body)).rstrip(b"=")).decode()


def with_the_public_key(city: City) -> str:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "k1"}
    return by_hand(header, city.claims, lambda body: hmac.digest(public_pem(KEY), body, "sha256"))


def of_another_consumer(city: City) -> str:
    return city.voucher(consumerId=str(uuid4()))


WRONG: dict[str, Callable[[City], str]] = {
    "alg none": lambda city: by_hand({"alg": "none", "typ": "at+jwt", "kid": "k1"}, city.claims, lambda _: b""),
    "HS256 with the public key": with_the_public_key,
    "another type": lambda city: city.voucher(header={"typ": "JWT"}),
    "another audience": lambda city: city.voucher(aud="https://altrove.example"),
    "several audiences": lambda city: city.voucher(aud=[AUDIENCE, "https://altrove.example"]),
    "another issuer": lambda city: city.voucher(iss="uat.interop.pagopa.it"),
    "an unknown kid": lambda city: city.voucher(header={"kid": "k2"}),
    "expired": lambda city: city.voucher(exp=int(time.time()) - 60),
    "not yet": lambda city: city.voucher(nbf=int(time.time()) + 3000),
    "issued in the future": lambda city: city.voucher(iat=int(time.time()) + 3000),
    "an unknown consumer": of_another_consumer,
    "an unknown purpose": lambda city: city.voucher(purposeId=str(uuid4())),
    "no purpose": lambda city: city.voucher(purposeId=None),
    "another producer": lambda city: city.voucher(producerId=str(uuid4())),
    "another subject": lambda city: city.voucher(sub=str(uuid4())),
    "no jti": lambda city: city.voucher(jti=None),
    "no nbf": lambda city: city.voucher(nbf=None),
    "a jku": lambda city: city.voucher(header={"jku": "https://altrove.example/keys"}),
    "a jwk": lambda city: city.voucher(header={"jwk": json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))}),
    "another's signature": lambda city: city.voucher(ANOTHER),
    "a digest without its evidence": lambda city: city.voucher(digest={"alg": "SHA256", "value": "0" * 64}),
    "too long": lambda city: city.voucher(jti="x" * 9000),
    "no JSON": lambda _: "e30.e30.e30",
}


async def test_a_voucher_is_the_key_of_the_source_that_has_its_purpose(city: City) -> None:
    token = city.voucher()

    first, again = await city.hand_in(token), await city.hand_in(token)

    assert (first.status, again.status, first.body["source"]) == (202, 202, city.source)
    assert (await city.operator.having(token).get("/v1/keys")).status == 403


@pytest.mark.parametrize("wrong", WRONG)
async def test_whatever_is_wrong_with_a_voucher_the_answer_is_the_same(city: City, wrong: str) -> None:
    expected = await city.hand_in("camp_live_nobody")

    answer = await city.hand_in(WRONG[wrong](city))

    seen = [{**each.body, "instance": ""} for each in (answer, expected)]
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, expected.headers["WWW-Authenticate"])
    assert seen[0] == seen[1]


async def test_a_voucher_that_is_bound_to_evidence_is_good_with_that_alone(city: City) -> None:
    value = hashlib.sha256(EVIDENCE.encode()).hexdigest()
    token = city.voucher(digest={"alg": "SHA256", "value": value})

    good = await city.hand_in(token, Agid_JWT_TrackingEvidence=EVIDENCE)
    bad = [await city.hand_in(token, Agid_JWT_TrackingEvidence=EVIDENCE + "x"), await city.hand_in(token)]

    assert (good.status, [each.status for each in bad]) == (202, [401, 401])


async def test_a_purpose_is_of_one_source(city: City) -> None:
    other = await city.operator.a_source()
    purpose = f"{city.claims['consumerId']}/{city.claims['purposeId']}"

    taken = await city.operator.patch(f"/v1/sources/{other.slug}", {"vouchers": [purpose]})
    shown = await city.operator.get(f"/v1/sources/{city.source}")

    assert (taken.status, taken.problem, shown.body["vouchers"]) == (409, "state-conflict", [purpose])


async def test_where_vouchers_are_not_set_up_none_is_taken(city: City, operator: Caller) -> None:
    answer = await operator.having(city.voucher()).get("/v1/services")

    assert (answer.status, answer.problem) == (401, "unauthenticated")


async def test_a_certificate_that_a_caller_names_is_no_key(operator: Caller) -> None:
    answer = await operator.having(None).get("/v1/services", Client_Cert=":MIIB:", X_Client_Cert="x", X_SSL_Cert="x")

    assert (answer.status, answer.problem) == (401, "unauthenticated")


async def test_an_unknown_key_is_looked_for_anew_twice_a_minute_at_most_and_old_ones_end(tmp_path: Path) -> None:
    path, now = tmp_path / "keys.json", [0.0]
    path.write_text(published(k1=KEY))
    ours = {"voucher_keys_file": path, "voucher_audience": AUDIENCE, "voucher_producer": PRODUCER}
    keys: Any = KeySet.of(some_settings("postgresql://u@h/d", "redis://h", **ours), lambda: now[0])

    first = await keys.key("k1") is not None
    path.write_text(published(k1=KEY, k2=ANOTHER))
    soon = await keys.key("k2") is None
    now[0] = 31
    later = await keys.key("k2") is not None
    path.write_text(published(k2=ANOTHER))
    now[0] = 640
    gone = await keys.key("k1") is None
    path.write_text("no JSON")
    now[0] = 1300
    kept = await keys.key("k2") is not None
    now[0] = 5000

    assert (first, soon, later, gone, kept) == (True,) * 5
    with pytest.raises(UnavailableError):
        await keys.key("k2")


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}]}', published(a=KEY, b=KEY)[:-9]],
)
def test_what_is_no_key_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no key set"):
        keys_in(text)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            {"KEYS_FILE": "{keys}"},
            r"VOUCHER_KEYS_FILE \(or VOUCHER_KEYS_URL\), VOUCHER_AUDIENCE and VOUCHER_PRODUCER are set together",
        ),
        ({"KEYS_FILE": "{other}"}, "CAMPANELLA_VOUCHER_KEYS_FILE: is no key set"),
        ({"AUDIENCE": "x", "PRODUCER": "y"}, r"CAMPANELLA_VOUCHER_KEYS_FILE \(or VOUCHER_KEYS_URL\), VOUCHER_AUDIENCE"),
        (
            {"KEYS_FILE": "{keys}", "KEYS_URL": "https://a.example.it/", "AUDIENCE": "x", "PRODUCER": "y"},
            "CAMPANELLA_VOUCHER_KEYS_FILE and VOUCHER_KEYS_URL are two places for one key set",
        ),
        (
            {"KEYS_URL": "http://a.example.it/", "AUDIENCE": "x", "PRODUCER": "y"},
            "CAMPANELLA_VOUCHER_KEYS_URL: only https",
        ),
    ],
)
def test_vouchers_are_set_up_as_a_whole_or_the_start_says_why_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: Mapping[str, str], sentence: str
) -> None:
    keys, other = tmp_path / "keys.json", tmp_path / "other.json"
    keys.write_text(published(k1=KEY))
    other.write_text("{}")
    given = {"DATABASE_URL": "postgresql://u@h/d", "REDIS_URL": "redis://h"}
    given |= {f"VOUCHER_{name}": value.format(keys=keys, other=other) for name, value in more.items()}
    for name, value in given.items():
        monkeypatch.setenv(f"CAMPANELLA_{name}", value)

    with pytest.raises(SettingsError, match=sentence):
        load()

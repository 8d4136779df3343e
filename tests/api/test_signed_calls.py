# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Calls of a source that signs them (INTEGRITY_REST_01 and 02): those that are good, and one answer for all others."""

import asyncio
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from structlog.testing import capture_logs

from app.alerts.bulletin import MEDIA_TYPE as BULLETIN
from app.api.intake import ARRIVALS, BATCHES
from app.api.signed import LARGEST
from app.database import Pool
from app.settings import Settings
from app.signers import signer
from app.unseen import is_first
from tests.api.calling import JSON, Answer, Caller, fresh, patiently, served
from tests.api.signing_calls import (
    EXPIRED,
    FOREIGN,
    FOREIGN_SECRET,
    OLD_SECRET,
    OURS,
    SECRET,
    certificate,
    chain,
    claims,
    digest,
    hashed,
    headed,
    pem,
    signed,
    thumb,
)
from tests.api.test_vouchers import AUDIENCE, ISSUER, KEY, PRODUCER, City, by_hand, published
from workers.prune import prune

SIGNERS = [pem(OURS), pem(EXPIRED), pem(KEY)]
Wrong = Callable[[bytes], dict[str, str]]


@dataclass
class Town:
    """Two API processes of one installation, and a source that signs: it calls with its key, or with its voucher."""

    operator: Caller
    source: Caller
    city: City
    elsewhere: Caller

    def notice(self) -> bytes:
        notice = {"event_id": fresh("firmato"), "service": self.city.service, "texts": {"it": {"title": "Avviso"}}}
        return json.dumps(notice).encode()

    async def hand_in(self, body: bytes, headers: dict[str, str], caller: Caller | None = None) -> Answer:
        return await (caller or self.source).call("POST", "/v1/notices", body, headers)

    async def is_stored(self, body: bytes) -> bool:
        look = "select exists (select from notice where event_id = $1)"
        return bool(await self.operator.pool.fetchval(look, json.loads(body)["event_id"]))


@asynccontextmanager
async def signing(settings: Settings, pool: Pool) -> AsyncIterator[Town]:
    async with served(settings, pool) as operator, served(settings, pool) as elsewhere:
        source, consumer, purpose = await operator.a_source(), str(uuid4()), str(uuid4())
        terms = {"vouchers": [f"{consumer}/{purpose}"], "signers": SIGNERS}
        changed = await operator.patch(f"/v1/sources/{source.slug}", terms)
        assert changed.status == 200
        now, client = int(time.time()), str(uuid4())
        said = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 3600, "jti": str(uuid4())}
        said |= {"sub": client, "client_id": client, "purposeId": purpose, "producerId": PRODUCER}
        said |= {"consumerId": consumer, "eserviceId": str(uuid4()), "descriptorId": str(uuid4())}
        city = City(operator, source.slug, await operator.a_service(), said)
        yield Town(operator, source, city, elsewhere.having(source.key, source.slug))


@pytest.fixture(scope="module")
async def town(settings: Settings, pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    path = tmp_path_factory.mktemp("signed") / "keys.json"
    path.write_text(published(k1=KEY))
    ours = {"voucher_keys_file": path, "voucher_audience": AUDIENCE, "voucher_producer": PRODUCER}
    async with signing(settings.model_copy(update=ours), pool) as town:
        yield town


NAMED: dict[str, Callable[[bytes], dict[str, str]]] = {
    "by its certificate": lambda body: signed(body, AUDIENCE),
    "by the hash of its certificate": lambda body: signed(
        body, AUDIENCE, header={"x5t#S256": hashed(OURS.public_bytes(Encoding.DER))}
    ),
    "by the name of its key at the platform": lambda body: signed(
        body, AUDIENCE, secret=KEY, header={"kid": thumb(KEY)}
    ),
}


@pytest.mark.parametrize("how", NAMED)
async def test_a_signed_call_is_taken_with_a_key_and_with_a_voucher(town: Town, how: str) -> None:
    callers = [town.source, town.operator.having(town.city.voucher())]
    bodies = [town.notice() for _ in callers]

    answers = [await town.hand_in(body, NAMED[how](body), who) for body, who in zip(bodies, callers, strict=True)]

    assert [(each.status, each.body["source"]) for each in answers] == [(202, town.source.slug)] * 2


def with_the_public_key(body: bytes) -> dict[str, str]:
    header = {"alg": "HS256", "typ": "JWT", "x5c": chain(OURS)}
    secret = pem(SECRET).encode()
    return headed(by_hand(header, claims(body, AUDIENCE), lambda text: hmac.digest(secret, text, "sha256")), body)


def of_algorithm_none(body: bytes) -> dict[str, str]:
    return headed(
        by_hand({"alg": "none", "typ": "JWT", "x5c": chain(OURS)}, claims(body, AUDIENCE), lambda _: b""), body
    )


def over(*rows: Any) -> Wrong:
    """Sign these headers beside the digest."""
    return lambda body: signed(body, AUDIENCE, signed_headers=[{"digest": digest(body)}, *rows])


def beside_the_chain(**more: Any) -> Wrong:
    return lambda body: signed(body, AUDIENCE, header={"x5c": chain(OURS), **more})


def at(since: int, until: int) -> Wrong:
    """Sign for a time, in seconds from now."""
    return lambda body: signed(body, AUDIENCE, iat=int(time.time()) + since, exp=int(time.time()) + until)


def without(name: str) -> Wrong:
    return lambda body: {each: value for each, value in signed(body, AUDIENCE).items() if each != name}


JWK = json.loads(ECAlgorithm.to_jwk(SECRET.public_key()))
WRONG: dict[str, Wrong] = {
    "no signature": without("Agid-JWT-Signature"),
    "no digest": without("Digest"),
    "alg none": of_algorithm_none,
    "HS256 with the public key": with_the_public_key,
    "another type": beside_the_chain(typ="at+jwt"),
    "another audience": lambda body: signed(body, "https://altrove.example"),
    "several audiences": lambda body: signed(body, AUDIENCE, aud=[AUDIENCE, "https://altrove.example"]),
    "expired": at(-300, -60),
    "of the future": at(300, 600),
    "not yet": lambda body: signed(body, AUDIENCE, nbf=int(time.time()) + 300),
    "good for too long": at(0, 3600),
    "over before it begins": lambda body: signed(body, AUDIENCE, iat=int(time.time()), exp=int(time.time())),
    "a time as a text": lambda body: signed(body, AUDIENCE, exp=str(int(time.time()) + 300)),
    "no iat": lambda body: signed(body, AUDIENCE, iat=None),
    "no exp": lambda body: signed(body, AUDIENCE, exp=None),
    "no jti": lambda body: signed(body, AUDIENCE, jti=None),
    "a jti that no table holds": lambda body: signed(body, AUDIENCE, jti="uno\x00due"),
    "half of a character as jti": lambda body: signed(body, AUDIENCE, jti="\ud800"),
    "a jti without end": lambda body: signed(body, AUDIENCE, jti="x" * 201),
    "a number as jti": lambda body: signed(body, AUDIENCE, jti=7),
    "the digest of another body": lambda body: signed(body + b" ", AUDIENCE),
    "another digest than was signed": lambda body: {**signed(body, AUDIENCE), "Digest": digest(body + b" ")},
    "a digest of another kind": lambda body: signed(body, AUDIENCE, signed_headers=[{"digest": "MD5=YQ=="}]),
    "no headers signed": lambda body: signed(body, AUDIENCE, signed_headers=None),
    "headers that are no list": lambda body: signed(body, AUDIENCE, signed_headers={"digest": digest(body)}),
    "the digest not signed": lambda body: signed(body, AUDIENCE, signed_headers=[{"content-type": JSON}]),
    "the media type not signed": over(),
    "another media type signed": over({"content-type": "text/plain"}),
    "a header signed that was not sent": over({"content-type": JSON}, {"content-language": "it"}),
    "a header signed twice": over({"content-type": JSON}, {"content-type": JSON}),
    "names in capitals": over({"Content-Type": JSON}),
    "a row of no header": over({"content-type": JSON}, 7),
    "a certificate that is not registered": lambda body: signed(
        body, AUDIENCE, secret=FOREIGN_SECRET, header={"x5c": chain(FOREIGN)}
    ),
    "a certificate that has expired": lambda body: signed(
        body, AUDIENCE, secret=OLD_SECRET, header={"x5c": chain(EXPIRED)}
    ),
    "two certificates": beside_the_chain(**{"x5t#S256": hashed(FOREIGN.public_bytes(Encoding.DER))}),
    "a chain that is none": lambda body: signed(body, AUDIENCE, header={"x5c": "MIIB"}),
    "a chain of something else": lambda body: signed(body, AUDIENCE, header={"x5c": [["MIIB"]]}),
    "no name of a key": lambda body: signed(body, AUDIENCE, header={}),
    "an x5u": beside_the_chain(x5u="https://altrove.example/cert.pem"),
    "an x5u alone": lambda body: signed(body, AUDIENCE, header={"x5u": "https://altrove.example/cert.pem"}),
    "a jku": beside_the_chain(jku="https://altrove.example/keys"),
    "a jwk": beside_the_chain(jwk=JWK),
    "another's signature": lambda body: signed(body, AUDIENCE, secret=FOREIGN_SECRET),
    "another's signature by the platform's name": lambda body: signed(
        body, AUDIENCE, secret=FOREIGN_SECRET, header={"kid": thumb(KEY)}
    ),
    "no token": lambda body: headed("e30.e30.e30", body),
    "less than a token": lambda body: headed("e30", body),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_whatever_is_wrong_with_a_signature_the_answer_is_that_of_a_wrong_key(town: Town, wrong: str) -> None:
    body = town.notice()
    expected = await town.hand_in(body, signed(body, AUDIENCE), town.operator.having("camp_live_nobody"))

    answer = await town.hand_in(body, WRONG[wrong](body))

    seen = [{**each.body, "instance": ""} for each in (answer, expected)]
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, expected.headers["WWW-Authenticate"])
    assert seen[0] == seen[1]
    assert not await town.is_stored(body)


@pytest.mark.parametrize("wrong", ["no signature", "the digest of another body", "another's signature", "no jti"])
async def test_a_voucher_opens_nothing_without_the_signature_of_its_source(town: Town, wrong: str) -> None:
    body = town.notice()

    answer = await town.hand_in(body, WRONG[wrong](body), town.operator.having(town.city.voucher()))

    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert not await town.is_stored(body)


async def test_a_signature_is_good_once_though_the_notice_would_be_the_same(town: Town) -> None:
    body = town.notice()
    headers = signed(body, AUDIENCE)

    first, again = await town.hand_in(body, headers), await town.hand_in(body, headers)
    anew = await town.hand_in(body, signed(body, AUDIENCE))

    assert [each.status for each in (first, again, anew)] == [202, 401, 202]
    assert anew.headers["Idempotent-Replayed"] == "true"


async def test_of_two_processes_one_takes_a_signature_that_comes_to_both(town: Town) -> None:
    body = town.notice()
    headers = signed(body, AUDIENCE)

    calls = [partial(town.hand_in, body, headers, who) for who in (town.source, town.elsewhere) * 4]
    answers = await asyncio.gather(*map(patiently, calls))

    assert sorted(each.status for each in answers) == [202] + [401] * 7


async def test_a_body_in_pieces_is_compared_as_a_whole(town: Town) -> None:
    body = town.notice()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 40):
            yield body[start : start + 40]

    headers = {**signed(body, AUDIENCE), "Content-Type": JSON, "Authorization": f"Bearer {town.source.key}"}
    async with town.source.session.post("/v1/notices", data=pieces(), headers=headers) as answer:
        assert answer.status == 202


@pytest.mark.parametrize(
    ("form", "size", "problem"), [(BULLETIN, 2 * 1024 * 1024, "state-conflict"), (JSON, 300 * 1024, "too-large")]
)
async def test_a_signed_body_may_be_as_large_as_its_form_allows(town: Town, form: str, size: int, problem: str) -> None:
    body = b"{}" + b" " * size
    headers = signed(body, AUDIENCE, signed_headers=[{"digest": digest(body)}, {"content-type": form}])

    answer = await town.hand_in(body, {**headers, "Content-Type": form})

    assert answer.problem == problem  # nothing is told of any zone here, which is looked at when the body is there


def test_no_form_allows_more_than_can_be_signed() -> None:
    assert max(medium.largest for way in (ARRIVALS, BATCHES) for medium in way.media.values()) <= LARGEST


async def test_every_operation_with_a_body_asks_for_the_signature_and_none_without(town: Town) -> None:
    body = town.notice()
    made = await town.hand_in(body, signed(body, AUDIENCE))
    path, change = f"/v1/notices/{made.body['id']}", json.dumps({"kind": "deadline"}).encode()
    patch = {"If-Match": made.headers.get("ETag", "*"), "Content-Type": "application/merge-patch+json"}
    merged = [{"digest": digest(change)}, {"content-type": patch["Content-Type"]}]

    looked = await town.source.get(path)
    unsigned = [await town.source.call("PATCH", path, change, patch), await town.source.post("/v1/callbacks", {})]
    amended = await town.source.call(
        "PATCH", path, change, {**patch, **signed(change, AUDIENCE, signed_headers=merged)}
    )

    assert (looked.status, [each.status for each in unsigned], amended.status) == (200, [401, 401], 200)


async def test_whoever_signs_nothing_is_not_asked_to(town: Town) -> None:
    body = town.notice()
    other = await town.operator.a_source()

    answer = await town.hand_in(body, {"Agid-JWT-Signature": "x", "Digest": "y"}, other)

    assert answer.status == 202


async def test_a_source_changes_from_one_certificate_to_the_next(town: Town) -> None:
    source = await town.operator.a_source()
    path, ways = f"/v1/sources/{source.slug}", [(SECRET, OURS), (FOREIGN_SECRET, FOREIGN)]

    async def taken() -> list[int]:
        bodies = [town.notice() for _ in ways]
        calls = [
            signed(body, AUDIENCE, secret=secret, header={"x5c": chain(found)})
            for body, (secret, found) in zip(bodies, ways, strict=True)
        ]
        return [(await town.hand_in(*call, source)).status for call in zip(bodies, calls, strict=True)]

    seen = []
    for signers in ([OURS], [OURS, FOREIGN], [FOREIGN], []):
        changed = await town.operator.patch(path, {"signers": [pem(each) for each in signers]})
        assert changed.body["signers"] == [pem(each) for each in signers]
        seen.append(await taken())

    acts = (await town.operator.get(f"/v1/audit?target=source/{source.slug}")).body["items"]
    assert seen == [[202, 401], [202, 202], [401, 202], [202, 202]]
    changes = [act["changes"] for act in acts if act["act"] == "source.changed"]
    told = [[(each["member"], json.loads(each["after"])) for each in change] for change in reversed(changes)]
    first, second = (signer(pem(each)).name for each in (OURS, FOREIGN))
    assert told == [[("signers", names)] for names in ([first], [first, second], [second], [])]


def plain_pem(text: bytes) -> str:
    return text.decode()


def private(secret: Any) -> str:
    return plain_pem(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


NO_SIGNERS: dict[str, str] = {
    "a private key": private(SECRET),
    "a weak key": pem(generate_private_key(65537, 1024)),  # noqa: S505 - it is refused
    "a key of another kind": plain_pem(
        Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    ),
    "two at once": pem(OURS) + pem(EXPIRED),
    "no certificate": "-----BEGIN CERTIFICATE-----\nTm8=\n-----END CERTIFICATE-----\n",
    "no PEM": "firma",
}


@pytest.mark.parametrize("text", NO_SIGNERS.values(), ids=NO_SIGNERS)
async def test_what_nobody_can_sign_with_is_not_registered(town: Town, text: str) -> None:
    source = await town.operator.a_source()

    answer = await town.operator.patch(f"/v1/sources/{source.slug}", {"signers": [pem(OURS), text]})

    assert (answer.status, answer.pointers) == (422, ["#/signers/1"])


def test_a_public_key_has_the_name_that_is_published_for_it() -> None:
    """The example of RFC 7638, section 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    key: Any = RSAAlgorithm.from_jwk({"kty": "RSA", "n": modulus, "e": "AQAB"})
    text = plain_pem(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    assert signer(text).name == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


async def test_what_has_been_seen_is_forgotten_when_nobody_would_take_it_any_more(pool: Pool) -> None:
    whose, now = fresh("visti"), datetime.now(UTC)
    seen = {"vecchio": now - timedelta(hours=1), "nuovo": now - timedelta(minutes=1)}
    for jti, until in seen.items():
        assert await is_first(pool, whose, jti, until)

    await prune(pool)

    assert [await is_first(pool, whose, jti, until) for jti, until in seen.items()] == [True, False]


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """Give the warnings that are logged meanwhile; these tests log errors alone."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with capture_logs() as captured:
        yield captured
    structlog.configure(**before)


async def test_the_operators_are_told_once_a_day_of_a_certificate_that_ends_within_30_days(
    town: Town, lines: list[Any]
) -> None:
    source, soon, later = await town.operator.a_source(), certificate(SECRET, days=39), certificate(SECRET, days=60)
    signers = {"signers": [pem(soon), pem(later)]}
    changed = await town.operator.patch(f"/v1/sources/{source.slug}", signers)

    for found in (later, soon, soon):
        body = town.notice()
        answer = await town.hand_in(body, signed(body, AUDIENCE, header={"x5c": chain(found)}), source)
        assert (changed.status, answer.status) == (200, 202)

    told = [line for line in lines if line["event"] == "access.ending"]
    name = signer(pem(soon)).name
    assert [(line["log_level"], line["source"], line["certificate"]) for line in told] == [
        ("warning", source.slug, name)
    ]

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Who acts at another administration (AUDIT_REST_02): what its evidence must be, and where it is written down."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import jwt
import pytest

from tests.api.calling import Answer
from tests.api.signing_calls import (
    EXPIRED,
    FOREIGN,
    FOREIGN_SECRET,
    OLD_SECRET,
    OURS,
    SECRET,
    chain,
    pem,
    signed,
    thumb,
)
from tests.api.test_signed_calls import Town, town
from tests.api.test_vouchers import ANOTHER, AUDIENCE, KEY, by_hand

__all__ = ["town"]
PERSON = {"userID": "m.rossi", "userLocation": "sportello-3", "LoA": "LoA3"}


def said(town: Town, **others: Any) -> dict[str, Any]:
    """Say what an evidence says; a claim that is None is left out."""
    voucher, now = town.city.claims, int(time.time())
    whole = {"iss": voucher["client_id"], "purposeId": voucher["purposeId"], "aud": AUDIENCE, **PERSON}
    whole |= {"iat": now, "exp": now + 500, "jti": str(uuid4()), "dnonce": 1234567890123, **others}
    return {name: value for name, value in whole.items() if value is not None}


def evidence(town: Town, secret: Any = SECRET, header: Mapping[str, Any] | None = None, **others: Any) -> str:
    """Sign an evidence with our certificate, or by another header."""
    algorithm = "ES256" if secret in (SECRET, OLD_SECRET, FOREIGN_SECRET) else "RS256"
    named = {"typ": "JWT", **({"x5c": chain(OURS)} if header is None else header)}
    return jwt.encode(said(town, **others), secret, algorithm, headers=named)


def bound(text: str) -> dict[str, str]:
    return {"alg": "SHA256", "value": hashlib.sha256(text.encode()).hexdigest()}


async def hand_in(town: Town, text: str, voucher: str | None = None) -> tuple[Answer, bytes]:
    """Hand a notice in, with a voucher that is bound to this evidence unless it is another."""
    body = town.notice()
    caller = town.operator.having(voucher or town.city.voucher(jti=str(uuid4()), digest=bound(text)))
    return await town.hand_in(body, {**signed(body, AUDIENCE), "Agid-JWT-TrackingEvidence": text}, caller), body


async def author(town: Town, answer: Answer) -> str:
    who = "select created_by from revision where notice_id = $1 order by number desc limit 1"
    return str(await town.operator.pool.fetchval(who, answer.body["id"]))


@pytest.mark.parametrize("header", [None, {"kid": thumb(KEY)}], ids=["a certificate", "the key at the platform"])
async def test_who_acts_is_written_down_beside_what_was_done(town: Town, header: dict[str, Any] | None) -> None:
    answer, _ = await hand_in(town, evidence(town, SECRET if header is None else KEY, header))

    assert answer.status == 202
    whom = "userID=m.rossi userLocation=sportello-3 LoA=LoA3"
    assert await author(town, answer) == f"voucher:{town.city.claims['purposeId']} {whom}"


def with_the_public_key(town: Town) -> str:
    secret = pem(SECRET).encode()
    header = {"alg": "HS256", "typ": "JWT", "x5c": chain(OURS)}
    return by_hand(header, said(town), lambda text: hmac.digest(secret, text, "sha256"))


def at(since: int, until: int) -> Callable[[Town], str]:
    return lambda town: evidence(town, iat=int(time.time()) + since, exp=int(time.time()) + until)


WRONG: dict[str, Callable[[Town], str]] = {
    "no token": lambda _: "e30",
    "no signature": lambda town: by_hand({"alg": "none", "typ": "JWT", "x5c": chain(OURS)}, said(town), lambda _: b""),
    "HS256 with the public key": with_the_public_key,
    "another's signature": lambda town: evidence(town, FOREIGN_SECRET),
    "another's certificate": lambda town: evidence(town, FOREIGN_SECRET, {"x5c": chain(FOREIGN)}),
    "another's key": lambda town: evidence(town, ANOTHER, {"kid": thumb(ANOTHER)}),
    "a certificate that has ended": lambda town: evidence(town, OLD_SECRET, {"x5c": chain(EXPIRED)}),
    "expired": at(-200, -100),
    "of tomorrow": at(86_400, 90_000),
    "good for ever": at(0, 10**9),
    "another audience": lambda town: evidence(town, aud="https://altrove.example"),
    "several audiences": lambda town: evidence(town, aud=[AUDIENCE, "https://altrove.example"]),
    "another client": lambda town: evidence(town, iss=str(uuid4())),
    "another purpose": lambda town: evidence(town, purposeId=str(uuid4())),
    "no jti": lambda town: evidence(town, jti=None),
    "no nonce": lambda town: evidence(town, dnonce=None),
    "a short nonce": lambda town: evidence(town, dnonce=123),
    "nobody": lambda town: evidence(town, userID=None),
    "a name of two lines": lambda town: evidence(town, userID="m.rossi\nLoA=LoA4"),
    "a long name": lambda town: evidence(town, userLocation="x" * 101),
    "no level": lambda town: evidence(town, LoA=3),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_an_evidence_that_is_wrong_is_answered_as_a_wrong_key_though_the_voucher_is_bound_to_it(
    town: Town, wrong: str
) -> None:
    answer, body = await hand_in(town, WRONG[wrong](town))

    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert not await town.is_stored(body)


async def test_a_voucher_that_is_bound_to_another_evidence_is_worth_nothing(town: Town) -> None:
    first, second = evidence(town), evidence(town)

    answer, _ = await hand_in(town, second, town.city.voucher(digest=bound(first)))

    assert answer.status == 401


async def test_an_evidence_comes_with_its_voucher_as_often_as_that_and_with_no_other(town: Town) -> None:
    text = evidence(town)
    mine, other = (town.city.voucher(jti=str(uuid4()), digest=bound(text)) for _ in range(2))

    answers = [(await hand_in(town, text, voucher))[0].status for voucher in (mine, mine, other)]

    assert answers == [202, 202, 401]


async def test_an_evidence_to_which_no_voucher_is_bound_comes_once(town: Town) -> None:
    text, voucher = evidence(town), town.city.voucher(jti=str(uuid4()))

    answers = [(await hand_in(town, text, voucher))[0].status for _ in range(2)]

    assert answers == [202, 401]


async def test_whoever_amends_is_written_down_too(town: Town) -> None:
    made, _ = await hand_in(town, evidence(town))
    change = json.dumps({"kind": "deadline"}).encode()
    merged = [{"digest": "SHA-256=" + ""}, {"content-type": "application/merge-patch+json"}]
    text = evidence(town, userID="a.bianchi")
    headers = signed(change, AUDIENCE)
    merged[0] = {"digest": headers["Digest"]}
    headers = signed(change, AUDIENCE, signed_headers=merged)
    headers |= {"Content-Type": "application/merge-patch+json", "If-Match": "*", "Agid-JWT-TrackingEvidence": text}
    caller = town.operator.having(town.city.voucher(jti=str(uuid4()), digest=bound(text)))

    amended = await caller.call("PATCH", f"/v1/notices/{made.body['id']}", change, headers)

    assert amended.status == 200
    assert "userID=a.bianchi" in await author(town, made)


async def test_whoever_withdraws_is_in_the_audit_log(town: Town) -> None:
    made, _ = await hand_in(town, evidence(town))
    text, body = evidence(town, userID="a.bianchi"), b"{}"
    headers = {**signed(body, AUDIENCE), "If-Match": "*", "Agid-JWT-TrackingEvidence": text}
    caller = town.operator.having(town.city.voucher(jti=str(uuid4()), digest=bound(text)))

    withdrawn = await caller.call("POST", f"/v1/notices/{made.body['id']}/withdrawal", body, headers)

    act = "select act, label from audit where target = $1"
    (entry,) = await town.operator.pool.fetch(act, f"notice/{made.body['id']}")
    assert (withdrawn.status, entry["act"]) == (200, "notice.withdrawn")
    assert "userID=a.bianchi" in entry["label"]

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Standard Webhooks: the vectors of the specification of this project, and an independent library as the receiver."""

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.signing import SecretError, headers, new_private_key, new_shared_secret, public_half, verify
from tests.repository.files import read

NUMBER, MOMENT = "msg_01JDCAMPANELLA", datetime.fromtimestamp(1795478400, UTC)
BODY = b'{"type":"notice.delivered","timestamp":"2026-11-24T00:00:00Z","data":{"id":"AVV-0001"}}'
FIRST = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
SECOND = "whsec_ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A="
FIRST_SIGNATURE = "v1,qChtphFezOszFONPwL5og2zY5cN4lSZPTYDwlCAYAEA="
SECOND_SIGNATURE = "v1,HWbt580Hs0eiACFd9XZI2SDGD6V7fM6QwEgxJxGJAw0="
PRIVATE = "whsk_" + base64.b64encode(bytes(range(1, 33))).decode()
PUBLIC = "whpk_ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ="
ED25519_SIGNATURE = "v1a,4Gcn828q2A2vvlsyaMSbGNDpRacw3ekAXS86NRoYaTFy1j49L6JMd2e2+8O6M7yGcjuDugrszCehI3MT6K4SAA=="


@pytest.mark.parametrize(
    ("keys", "signature"),
    [
        ([FIRST], FIRST_SIGNATURE),
        ([SECOND], SECOND_SIGNATURE),
        ([FIRST, SECOND], f"{FIRST_SIGNATURE} {SECOND_SIGNATURE}"),
        ([PRIVATE], ED25519_SIGNATURE),
        ([PRIVATE, FIRST], f"{ED25519_SIGNATURE} {FIRST_SIGNATURE}"),
    ],
)
def test_the_vectors_come_out_and_verify(keys: list[str], signature: str) -> None:
    made = headers(keys, NUMBER, MOMENT, BODY)

    assert made == {"webhook-id": NUMBER, "webhook-timestamp": "1795478400", "webhook-signature": signature}
    receivers = [public_half(key) if key.startswith("whsk_") else key for key in keys]
    assert all(verify([key], made, BODY, MOMENT) for key in receivers)


def test_the_public_half_is_that_of_the_vector() -> None:
    assert public_half(PRIVATE) == PUBLIC


def test_a_body_that_is_written_anew_does_not_verify() -> None:
    made = headers([FIRST, PRIVATE], NUMBER, MOMENT, BODY)

    anew = json.dumps(json.loads(BODY)).encode()

    assert not verify([FIRST, PUBLIC], made, anew, MOMENT)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", ["", "1795478401", "v1,AAAA", "v1a,AAAA", "v1a,!", "x", "v1,\u00e8"])
def test_a_header_that_was_changed_does_not_verify(name: str, value: str) -> None:
    made = headers([FIRST, PRIVATE], NUMBER, MOMENT, BODY)

    assert not verify([FIRST, PUBLIC], {**made, name: value}, BODY, MOMENT)


@pytest.mark.parametrize(("late", "verified"), [(-301, False), (-299, True), (299, True), (301, False)])
def test_five_minutes_are_tolerated(late: int, *, verified: bool) -> None:
    made = headers([FIRST], NUMBER, MOMENT, BODY)

    assert verify([FIRST], made, BODY, MOMENT + timedelta(seconds=late)) is verified


@pytest.mark.parametrize("number", range(25))
def test_the_public_library_verifies_what_we_sign_and_we_what_it_signs(number: int) -> None:
    secret, now = new_shared_secret(), datetime.now(UTC)
    body = json.dumps({"numero": number, "testo": "Perché così? 你好" * number}, ensure_ascii=False).encode()
    ours = headers([secret, new_shared_secret()], f"msg_{number}", now, body)

    assert Webhook(secret).verify(body, dict(ours))["numero"] == number
    theirs = {**ours, "webhook-signature": Webhook(secret).sign(f"msg_{number}", now, body.decode())}
    assert verify([secret], theirs, body, now)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", dict(ours))


def test_new_secrets_are_different_and_long() -> None:
    made = {new_shared_secret() for _ in range(50)} | {new_private_key() for _ in range(50)}

    assert len(made) == 100
    assert all(len(base64.b64decode(one.partition("_")[2])) == 32 for one in made)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "whsec_!!!!", "whsk_AAAA", "secret", f"whsec_{'A' * 200}"]
)
def test_what_is_no_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(SecretError) as refused:
        headers([secret], NUMBER, MOMENT, BODY)

    assert not secret.partition("_")[2] or secret.partition("_")[2] not in str(refused.value)


@pytest.mark.parametrize("length", [24, 64])
def test_the_shortest_and_the_longest_secret_sign(length: int) -> None:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(length)).decode()

    assert verify([secret], headers([secret], NUMBER, MOMENT, BODY), BODY, MOMENT)


def test_the_code_that_we_give_to_receivers_takes_what_we_sign_and_nothing_else() -> None:
    guide = read("app/api/guides/receivers.en.md").split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(guide, names)  # noqa: S102 - it is our own documentation
    made, now = headers([SECOND, FIRST], NUMBER, MOMENT, BODY), MOMENT.timestamp()

    assert names["is_ours"](FIRST, made, BODY, now)
    assert not names["is_ours"](FIRST, made, BODY + b" ", now)
    assert not names["is_ours"](FIRST, made, BODY, now + 301)
    assert not names["is_ours"](new_shared_secret(), made, BODY, now)

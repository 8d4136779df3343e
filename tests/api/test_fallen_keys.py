# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A key that stands no more, whatever ended it, takes nothing along in any form, and is answered as any wrong one."""

import json
from typing import Any

import pytest

from app.domain.key import Role
from tests.alerts.given import info, reference
from tests.api.alerting import CAP, alert, hand_in, later
from tests.api.calling import Caller, a_notice
from tests.api.revoking import STATE, number_of, of_role, remembered, revoke
from tests.api.weather import MEDIA_TYPE, ORANGE, bulletin, feature


async def test_the_answer_is_that_to_any_wrong_key(operator: Caller, elsewhere: Caller) -> None:
    source = await operator.a_source()
    there = await remembered(elsewhere, source)
    await revoke(operator, source)

    fallen, later = await there.hand_in(), await there.hand_in()

    assert fallen.body | {"instance": ""} == later.body | {"instance": ""}
    assert [name for name, _ in fallen.headers.items()] == [name for name, _ in later.headers.items()]
    assert (fallen.problem, fallen.headers["WWW-Authenticate"]) == ("unauthenticated", "Bearer")


def of_weather(**levels: str) -> bytes:
    return json.dumps(bulletin(feature(**levels))).encode()


FORMS: dict[str, tuple[str, Any, dict[str, str]]] = {
    "under a key of its own": ("/v1/notices", a_notice(), {"Idempotency-Key": "la-stessa"}),
    "what is good of a batch": ("/v1/notices/batch", [a_notice(), {}], {"Prefer": "handling=lenient"}),
    "an alert": ("/v1/notices", alert()[1], {"Content-Type": CAP}),
    "a bulletin": ("/v1/notices", of_weather(temporali=ORANGE), {"Content-Type": MEDIA_TYPE}),
    "what cannot be read of a bulletin": ("/v1/notices", of_weather(temporali="VIOLA"), {"Content-Type": MEDIA_TYPE}),
}


@pytest.mark.parametrize("form", FORMS)
async def test_in_no_form_is_anything_taken(operator: Caller, town: Caller, form: str) -> None:
    source, (path, body, headers) = await operator.a_source(), FORMS[form]
    there = await remembered(town, source)
    await revoke(operator, source)
    before = await operator.pool.fetch(STATE)

    answer = await there.call("POST", path, body, headers)

    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert await operator.pool.fetch(STATE) == before


@pytest.mark.parametrize("said", ["Update", "Cancel"])
async def test_no_message_changes_an_alert_that_was_told(operator: Caller, elsewhere: Caller, said: str) -> None:
    source, (identifier, body) = await operator.a_source(), alert()
    assert (await hand_in(source, body)).status == 202
    there = await remembered(elsewhere, source)
    await revoke(operator, source)
    before = await operator.pool.fetch(STATE)

    _, change = alert(info(colour="rosso"), msgType=said, references=reference(identifier), sent=later(10))
    answer = await hand_in(there, change)

    assert answer.status == 401
    assert await operator.pool.fetch(STATE) == before


@pytest.mark.parametrize("end", ["update key set expires_at = now()", "delete from key"])
async def test_a_key_ends_everywhere_at_once_however_it_ends(operator: Caller, elsewhere: Caller, end: str) -> None:
    source = await operator.a_source()
    there = await remembered(elsewhere, source)

    await operator.pool.execute(f"{end} where id = $1", number_of(source))

    assert (await there.hand_in()).status == 401


async def test_whoever_holds_a_key_may_revoke_it_with_itself(operator: Caller) -> None:
    person = await of_role(operator, operator, Role.OPERATOR)

    answers = [await person.call("DELETE", f"/v1/keys/{number_of(person)}") for _ in range(2)]

    assert [answer.status for answer in answers] == [204, 401]

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""An exercise stays one: it reaches test channels and no others, and changes nothing that is real."""

import pytest

from tests.alerts.given import info, reference
from tests.api.alerting import SERVICE, alert, content, hand_in, later
from tests.api.calling import Answer, Caller


@pytest.mark.parametrize("status", ["Exercise", "Test", "System", "Draft"])
async def test_what_is_not_actual_reaches_test_channels_and_no_other(
    operator: Caller, source: Caller, status: str
) -> None:
    await operator.a_channel(SERVICE)
    drill = await operator.a_channel(SERVICE, test=True)
    _, body = alert(status=status)

    answer = await hand_in(source, body)

    reached = await channels_of(source, answer)
    assert reached[drill]
    assert all(reached.values())
    assert answer.body["title"] == "[ESERCITAZIONE] Allerta per temporali forti"


async def test_a_real_alert_reaches_no_test_channel(operator: Caller, source: Caller) -> None:
    public = await operator.a_channel(SERVICE)
    drill = await operator.a_channel(SERVICE, test=True)
    _, body = alert()

    answer = await hand_in(source, body)

    reached = await channels_of(source, answer)
    assert (public in reached, drill in reached) == (True, False)


async def channels_of(source: Caller, answer: Answer) -> dict[str, bool]:
    """The channels that are owed a notice, and whether they are for exercises."""
    owed = "select slug, test from channel join delivery on channel.id = channel_id where notice_id = $1"
    return {row["slug"]: row["test"] for row in await source.pool.fetch(owed, answer.body["id"])}


@pytest.mark.parametrize("kind", ["Update", "Cancel"])
async def test_an_exercise_changes_no_real_alert(source: Caller, kind: str) -> None:
    first, body = alert()
    notice = await hand_in(source, body)

    _, drill = alert(info(colour="rosso"), msgType=kind, status="Exercise", references=reference(first), sent=later(10))
    answer = await hand_in(source, drill)

    assert (answer.status, answer.pointers) == (409, ["#/alert/status"])
    assert (await content(source, notice))["revision"] == 1


async def test_an_exercise_ends_by_a_cancellation_without_words(source: Caller) -> None:
    first, body = alert(status="Exercise")
    notice = await hand_in(source, body)

    _, cancel = alert(" ", msgType="Cancel", status="Exercise", references=reference(first), sent=later(10))
    answer = await hand_in(source, cancel)

    assert (answer.status, answer.body["title"][:16]) == (202, "[ESERCITAZIONE] ")
    assert (await content(source, notice))["status"] == "withdrawn"


async def test_a_test_notice_must_say_so_and_cannot_become_real(source: Caller) -> None:
    silent = await source.hand_in(test=True)
    drill = await source.hand_in(test=True, texts={"it": {"title": "[ESERCITAZIONE] Prova"}})

    real = await source.patch(f"/v1/notices/{drill.body['id']}", {"test": None}, If_Match="*")

    assert (silent.status, drill.status) == (422, 202)
    assert (real.status, real.pointers) == (409, ["#/test"])

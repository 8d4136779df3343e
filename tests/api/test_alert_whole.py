# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A message of an authority is taken whole or not at all, and of several that arrive together the latest wins."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.database import Pool
from tests.alerts.given import info, reference
from tests.api.alerting import alert, all_of, at_once, content, hand_in, later
from tests.api.calling import Answer, Caller, fresh


@asynccontextmanager
async def cut_off_at(pool: Pool, withdrawn: str) -> AsyncIterator[None]:
    """Let Postgres end every connection that is about to withdraw this notice."""
    name = fresh("cut").replace("-", "_")
    await pool.execute(f"""
        create function {name}() returns trigger language plpgsql as
          $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return new; end $$;
        create trigger {name} before update on notice for each row
          when (new.id = '{withdrawn}' and new.withdrawn_at is not null) execute function {name}()""")
    try:
        yield
    finally:
        await pool.execute(f"drop trigger {name} on notice; drop function {name}()")


async def two_alerts(source: Caller) -> tuple[str, Answer, Answer]:
    """Hand in two alerts; give what refers to both, and the answers, the older one first."""
    (first, older), (second, newer) = alert(), alert(info(event="Vento", headline="Allerta per vento"))
    answers = [await hand_in(source, older), await hand_in(source, newer)]
    return f"{reference(first)} {reference(second)}", answers[0], answers[1]


async def test_a_cancellation_of_several_alerts_is_cut_off_and_repeated(source: Caller) -> None:
    both, older, newer = await two_alerts(source)
    _, cancel = alert(" ", msgType="Cancel", references=both, sent=later(10))
    async with cut_off_at(source.pool, older.body["id"]):
        cut = await hand_in(source, cancel)
    between = [(await content(source, each))["status"] for each in (older, newer)]

    again, third = await hand_in(source, cancel), await hand_in(source, cancel)

    assert (cut.status, again.status, "withdrawn" in between) == (503, 202, False)
    assert [(await content(source, each))["status"] for each in (older, newer)] == ["withdrawn", "withdrawn"]
    assert (third.body["id"], third.headers["Idempotent-Replayed"]) == (again.body["id"], "true")
    assert "Idempotent-Replayed" not in again.headers
    assert len(await all_of(source)) == 3


async def test_an_update_that_puts_several_alerts_together_is_cut_off_and_repeated(source: Caller) -> None:
    both, older, newer = await two_alerts(source)
    _, update = alert(info(colour="rosso"), msgType="Update", references=both, sent=later(10))
    async with cut_off_at(source.pool, older.body["id"]):
        cut = await hand_in(source, update)
    between = (await content(source, newer))["revision"]

    again = await hand_in(source, update)

    assert (cut.status, between) == (503, 1)
    assert (again.status, again.body["id"], again.body["revision"]) == (202, newer.body["id"], 2)
    assert (await content(source, older))["status"] == "withdrawn"


@pytest.mark.parametrize("kind", ["Update", "Cancel"])
async def test_what_an_earlier_release_left_half_done_is_finished(source: Caller, kind: str) -> None:
    both, older, _ = await two_alerts(source)
    identifier, body = alert(info(colour="rosso"), msgType=kind, references=both, sent=later(10))
    await hand_in(source, body)
    await source.pool.execute("update alert_message set applied_at = null where identifier = $1", identifier)
    await source.pool.execute("update notice set withdrawn_at = null where id = $1", older.body["id"])

    again = await hand_in(source, body)

    left = "select count(*) from alert_message where identifier = $1 and applied_at is null"
    assert (again.status, await source.pool.fetchval(left, identifier)) == (202, 0)
    assert (await content(source, older))["status"] == "withdrawn"


async def test_of_two_updates_that_arrive_together_the_later_one_wins(source: Caller) -> None:
    first, body = alert()
    notice = await hand_in(source, body)
    say: dict[str, Any] = {"msgType": "Update", "references": reference(first)}
    _, early = alert(info(headline="Prima"), **say, sent=later(10))
    _, late = alert(info(headline="Dopo"), **say, sent=later(20))

    answers = await at_once(source, late, early)

    assert answers[0].status == 202
    assert answers[1].status in {202, 409}
    assert (await content(source, notice))["texts"]["it"]["title"] == "Dopo"


async def test_an_update_that_arrives_with_a_later_cancellation_brings_nothing_back(source: Caller) -> None:
    first, body = alert()
    notice = await hand_in(source, body)
    _, update = alert(info(colour="rosso"), msgType="Update", references=reference(first), sent=later(10))
    _, cancel = alert(" ", msgType="Cancel", references=reference(first), sent=later(20))

    answers = await at_once(source, cancel, update)

    assert answers[0].status == 202
    assert answers[1].status in {202, 409}
    assert (await content(source, notice))["status"] == "withdrawn"


async def test_green_that_comes_twice_at_once_is_told_once(source: Caller) -> None:
    event = fresh("Evento")
    await hand_in(source, alert(info(event=event))[1])
    greens = [alert(info(event=event, colour="verde"), sent=later(10 + number))[1] for number in range(2)]

    answers = await at_once(source, *greens)

    assert sorted(answer.status for answer in answers) in ([202, 204], [202, 409])
    assert len(await all_of(source)) == 2


async def test_an_identifier_that_an_update_has_used_is_no_alert_any_more(source: Caller) -> None:
    first, body = alert()
    notice = await hand_in(source, body)
    second, update = alert(info(colour="rosso"), msgType="Update", references=reference(first), sent=later(10))
    await hand_in(source, update)

    answer = await hand_in(source, alert(identifier=second)[1])

    assert (answer.status, answer.problem, answer.pointers) == (409, "event-exists", ["#/alert/identifier"])
    assert answer.body["notice"].endswith(notice.body["id"])
    assert len(await all_of(source)) == 1


async def test_an_update_amends_what_is_open_though_something_newer_is_withdrawn(source: Caller) -> None:
    both, older, newer = await two_alerts(source)
    await source.post(f"/v1/notices/{newer.body['id']}/withdrawal", {}, If_Match="*")

    _, update = alert(info(colour="rosso"), msgType="Update", references=both, sent=later(10))
    answer = await hand_in(source, update)

    assert (answer.status, answer.body["id"], answer.body["revision"]) == (202, older.body["id"], 2)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Personal data in a notice: refused where it is certain, with its place and nothing of what it says."""

from typing import Any

import pytest

from tests.alerts.given import cap, info, reference
from tests.api.calling import Caller, a_notice, fresh

CODE, ACCOUNT = "RSSMRA85T10A562S", "IT60 X054 2811 1010 0000 0123 456"


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"texts": {"it": {"title": f"Pasto di {CODE}"}}}, "#/texts/it/title"),
        ({"texts": {"it": {"title": "Mensa", "body": f"Versare su {ACCOUNT} entro oggi."}}}, "#/texts/it/body"),
        ({"event_id": f"mensa/{CODE}"}, "#/event_id"),
    ],
)
async def test_a_notice_with_personal_data_is_refused_and_nothing_is_kept(
    source: Caller, members: dict[str, Any], pointer: str
) -> None:
    answer = await source.hand_in(**members)

    assert (answer.status, answer.problem, answer.pointers) == (422, "personal-data", [pointer])
    assert CODE not in answer.text
    assert ACCOUNT not in answer.text
    assert (await source.get("/v1/notices")).body["items"] == []


async def test_an_amendment_with_personal_data_is_refused(source: Caller) -> None:
    made = await source.hand_in()

    answer = await source.patch(f"/v1/notices/{made.body['id']}", {"texts": {"it": {"summary": CODE}}}, If_Match="*")

    assert (answer.status, answer.problem, answer.pointers) == (422, "personal-data", ["#/texts/it/summary"])
    assert (await source.get(f"/v1/notices/{made.body['id']}")).body["revision"] == 1


SAID = {
    "description": ({"description": CODE}, "#/alert/info/1"),
    "the event as title": ({"headline": None, "event": f"Allerta {CODE}"}, "#/alert/info/1"),
    "senderName": ({"senderName": CODE}, "#/alert/info/1"),
    "an area": ({"areas": (f"Via di {CODE}",)}, "#/alert/info/1"),
    "web": ({"web": f"https://www.example.it/{CODE}"}, "#/alert"),
}


@pytest.mark.parametrize(("members", "pointer"), SAID.values(), ids=SAID)
async def test_an_alert_with_personal_data_is_refused(source: Caller, members: dict[str, Any], pointer: str) -> None:
    body = cap(info(), info(**{"language": "en", **members}), identifier=fresh("cap"))

    answer = await source.post("/v1/notices", body, Content_Type="application/cap+xml")

    assert (answer.status, answer.problem, answer.pointers) == (422, "personal-data", [pointer])
    assert CODE not in answer.text
    assert (await source.get("/v1/notices")).body["items"] == []


async def test_a_cancellation_with_personal_data_is_refused_and_ends_nothing(source: Caller) -> None:
    first = fresh("cap")
    notice = await source.post("/v1/notices", cap(identifier=first), Content_Type="application/cap+xml")
    say = {"msgType": "Cancel", "references": reference(first), "identifier": fresh("cap")}
    over = cap(info(description=CODE), **say)

    answer = await source.post("/v1/notices", over, Content_Type="application/cap+xml")

    assert (answer.status, answer.problem, answer.pointers) == (422, "personal-data", ["#/alert/info/0"])
    assert (await source.get(f"/v1/notices/{notice.body['id']}")).body["status"] != "withdrawn"


async def test_what_only_looks_like_personal_data_is_accepted(source: Caller) -> None:
    likely = {"title": "Il figlio di Mario Rossi", "body": "347 1234567, mario@gmail.com, RSSMRA85T10A562T"}

    assert (await source.hand_in(texts={"it": likely})).status == 202


async def test_a_batch_names_the_item_and_stores_nothing(source: Caller) -> None:
    batch = [a_notice(), a_notice(texts={"it": {"title": "Mensa", "summary": CODE}})]

    answer = await source.post("/v1/notices/batch", batch)

    assert (answer.status, answer.pointers) == (422, ["#/1/texts/it/summary"])
    assert answer.body["errors"][0]["rule"] == "personal-data"
    assert (await source.get("/v1/notices")).body["items"] == []

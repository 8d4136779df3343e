# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A source with a list of hosts cannot lead anybody elsewhere, whoever holds its key."""

from typing import Any

import pytest

from tests.alerts.given import cap, info
from tests.api.calling import Caller, a_notice, fresh

HOSTS = ["comune.prato.it", "www.example.it"]
GOOD = "https://www.comune.prato.it/mensa"


@pytest.fixture
async def bound(operator: Caller) -> Caller:
    """Give a source whose links may lead to two hosts."""
    source = await operator.a_source()
    changed = await operator.patch(f"/v1/sources/{source.slug}", {"link_hosts": HOSTS})
    assert changed.body["link_hosts"] == HOSTS
    return source


FOREIGN = {
    "a link": ({"links": [{"title": "Scheda", "href": "https://evil.example/x"}]}, "#/links/0"),
    "the second link": (
        {"links": [{"title": "a", "href": GOOD}, {"title": "b", "href": "https://comune.prato.it.evil.example"}]},
        "#/links/1",
    ),
    "a name before ours": ({"links": [{"title": "a", "href": "https://evilcomune.prato.it/x"}]}, "#/links/0"),
    "a link in the text": (
        {"texts": {"it": {"title": "Mensa", "body": "Paga [qui](https://evil.example/paga) entro oggi."}}},
        "#/texts/it/body",
    ),
    "a picture": (
        {"attachments": [{"href": "https://evil.example/a.png", "title": "Locandina"}]},
        "#/attachments/0/href",
    ),
}


@pytest.mark.parametrize(("members", "pointer"), FOREIGN.values(), ids=FOREIGN)
async def test_a_notice_that_leads_elsewhere_is_refused_with_the_place(
    bound: Caller, members: dict[str, Any], pointer: str
) -> None:
    answer = await bound.hand_in(**members)

    assert (answer.status, answer.problem, answer.pointers) == (422, "invalid-notice", [pointer])
    assert "evil" not in answer.text
    assert (await bound.get("/v1/notices")).body["items"] == []


async def test_hosts_of_the_list_and_those_below_them_are_taken(bound: Caller) -> None:
    hrefs = [GOOD, "https://comune.prato.it", "https://servizi.comune.prato.it/a", "https://example.it/b"]

    answer = await bound.hand_in(links=[{"title": "Scheda", "href": href} for href in hrefs])

    assert answer.status == 202


async def test_an_amendment_and_a_batch_lead_nowhere_else_either(bound: Caller) -> None:
    made = await bound.hand_in()
    foreign = {"links": [{"title": "Scheda", "href": "https://evil.example/x"}]}

    amended = await bound.patch(f"/v1/notices/{made.body['id']}", foreign, If_Match="*")
    batch = await bound.post("/v1/notices/batch", [a_notice(), a_notice(**foreign)])

    assert (amended.status, amended.pointers) == (422, ["#/links/0"])
    assert (batch.status, len((await bound.get("/v1/notices")).body["items"])) == (422, 1)


async def test_without_a_list_a_source_links_where_it_likes(source: Caller) -> None:
    answer = await source.hand_in(links=[{"title": "Scheda", "href": "https://altrove.example/x"}])

    assert answer.status == 202


@pytest.mark.parametrize("host", ["https://comune.prato.it", "comune", "Comune.Prato.it", "comune.prato.it/mensa", ""])
async def test_a_list_holds_hosts_only(operator: Caller, source: Caller, host: str) -> None:
    answer = await operator.patch(f"/v1/sources/{source.slug}", {"link_hosts": [host]})

    assert (answer.status, answer.pointers) == (422, ["#/link_hosts/0"])


async def test_an_alert_leads_nowhere_else_either(bound: Caller) -> None:
    answers = [
        await bound.post("/v1/notices", cap(info(web=web), identifier=fresh("cap")), Content_Type="application/cap+xml")
        for web in ("https://evil.example/allerta", "https://www.comune.prato.it/allerta")
    ]

    assert [answer.status for answer in answers] == [422, 202]
    assert answers[0].pointers == ["#/alert/info/0/web"]


NOWHERE = [
    "https://[x/",
    "https://evil\u2100.example/",
    "www.protezionecivile.example/x",
    "http://evil.example/",
    "https://u@evil.example/",
    "mailto:a@evil.example",
]


async def test_an_address_that_is_never_shown_keeps_no_alert_back(bound: Caller) -> None:
    answers = [
        await bound.post("/v1/notices", cap(info(web=web), identifier=fresh("cap")), Content_Type="application/cap+xml")
        for web in NOWHERE
    ]

    assert {web: answer.status for web, answer in zip(NOWHERE, answers, strict=True)} == dict.fromkeys(NOWHERE, 202)
    shown = [(await bound.get(f"/v1/notices/{answer.body['id']}")).body["content"]["links"] for answer in answers]
    assert shown == [[]] * len(NOWHERE)

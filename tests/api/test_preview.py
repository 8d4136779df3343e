# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""POST /v1/notices/preview without a worker: everything but the posts themselves."""

from typing import Any

import pytest

from tests.api.calling import Answer, Caller, a_notice

GOOD = {
    "title": "Sciopero del 27 novembre: in mensa un pasto freddo",
    "body": "Venerdì 27 novembre 2026 in tutte le scuole dell'infanzia e primarie c'è un pasto freddo per sciopero.",
}
LINKS = [{"title": "Scheda completa", "href": "https://www.comune.example.it/avvisi/1"}]


async def preview(caller: Caller, **members: Any) -> Answer:
    return await caller.post("/v1/notices/preview", a_notice(**{"texts": {"it": GOOD}, "links": LINKS, **members}))


def channel(answer: Answer, slug: str) -> dict[str, Any]:
    (found,) = (each for each in answer.body["channels"] if each["slug"] == slug)
    return dict(found)


async def test_without_a_worker_a_preview_says_so_and_shows_all_the_rest(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    source = await operator.a_source()

    answer = await preview(source, service=service)

    shown = channel(answer, slug)
    assert (answer.status, answer.body["acceptable"], answer.body["advice"]) == (200, True, [])
    assert (answer.body["rendered"], answer.body["reason"]) == (False, "no worker is running")
    assert (shown["reached"], shown["why_not"], shown["rendered"]) == (True, [], False)
    assert (shown["problem"], shown["parts"]) == ("no worker is running", [])


@pytest.mark.parametrize(
    ("reason", "follows", "members"),
    [
        ("service", {"services": ["mensa"]}, {}),
        ("grades", {"grades": ["nido"]}, {"audience": {"grades": ["primaria"]}}),
        ("schools", {"schools": ["Fabbri"]}, {"audience": {"schools": ["Meucci"]}}),
        ("areas", {"areas": ["nord"]}, {"audience": {"areas": ["sud"]}}),
    ],
)
async def test_a_channel_that_is_not_reached_says_why(
    operator: Caller, reason: str, follows: dict[str, list[str]], members: dict[str, Any]
) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service, audience={"services": [service], **follows})
    source = await operator.a_source()

    answer = await preview(source, service=service, **members)

    shown = channel(answer, slug)
    assert (shown["reached"], shown["why_not"], answer.body["reached"]) == (False, [reason], 0)


async def test_a_channel_without_the_language_and_one_for_exercises_say_why(operator: Caller) -> None:
    service = await operator.a_service()
    chinese = await operator.a_channel(service, language="zh-Hans", fallback=False)
    drill = await operator.a_channel(service, test=True)

    answer = await preview(operator, service=service)

    assert channel(answer, chinese)["why_not"] == ["language"]
    assert channel(answer, drill)["why_not"] == ["test"]


async def test_what_is_previewed_as_reached_is_what_a_notice_reaches(operator: Caller) -> None:
    service = await operator.a_service()
    for members in (
        {},
        {"test": True},
        {"language": "zh-Hans", "fallback": False},
        {"audience": {"services": [service], "areas": ["nord"]}},
    ):
        await operator.a_channel(service, **members)
    source = await operator.a_source()

    answer = await preview(source, service=service, audience={"areas": ["sud"]})
    accepted = await source.hand_in(service=service, audience={"areas": ["sud"]})

    assert answer.body["reached"] == accepted.body["deliveries"]["due"]


async def test_advice_names_its_place_and_speaks_italian_and_english(source: Caller) -> None:
    answer = await preview(source, texts={"it": {**GOOD, "title": "Sciopero giovedì 27 novembre 2026"}})

    (advice,) = answer.body["advice"]
    assert (advice["rule"], advice["pointer"], advice["refused"]) == ("weekday_differs", "#/texts/it/title", False)
    assert advice["words"] == {
        "it": "Il giorno della settimana non corrisponde alla data.",
        "en": "The weekday does not match its date.",
    }


async def test_what_would_be_refused_is_said_without_being_repeated(source: Caller) -> None:
    answer = await preview(source, texts={"it": {**GOOD, "summary": "Pasto di RSSMRA85T10A562S"}})

    assert (answer.status, answer.body["acceptable"]) == (200, False)
    assert [(each["rule"], each["refused"]) for each in answer.body["advice"]] == [("fiscal_code", True)]


async def test_a_text_that_came_in_just_now_under_another_event_id_is_pointed_out(source: Caller) -> None:
    texts, first, second = {"it": GOOD}, {"event_id": "mensa/1"}, {"event_id": "mensa/2"}
    before = await preview(source, **second)
    stored = await source.post("/v1/notices", a_notice(texts=texts, links=LINKS, **first))
    twin, same = await preview(source, **second), await preview(source, **first)
    other = await preview(source, texts={"it": {**GOOD, "title": "Sciopero del 27 novembre: mensa chiusa"}}, **second)
    await source.pool.execute("update notice set created_at = created_at - interval '11 minutes'")
    late = await preview(source, **second)

    assert stored.status == 202
    assert [(each["rule"], each["pointer"], each["refused"]) for each in twin.body["advice"]] == [
        ("twin", "#/texts", False)
    ]
    assert [answer.body["advice"] for answer in (before, same, other, late)] == [[], [], [], []]


async def test_a_text_that_was_taken_back_has_no_twin(source: Caller) -> None:
    stored = await source.post("/v1/notices", a_notice(texts={"it": GOOD}, links=LINKS, event_id="mensa/1"))
    await source.pool.execute("update notice set withdrawn_at = now() where id = $1::uuid", stored.body["id"])

    assert (await preview(source, event_id="mensa/2")).body["advice"] == []


CHINESE = {"title": "11月27日食堂改供冷餐"}


async def test_a_channel_says_whose_approval_it_would_wait_for_and_what_it_shows_meanwhile(operator: Caller) -> None:
    service = await operator.a_service()
    await operator.call("PUT", f"/v1/services/{service}", {"name": "Un servizio", "approvals": ["zh"]})
    slugs = [
        await operator.a_channel(service),
        await operator.a_channel(service, language="zh-Hans"),
        await operator.a_channel(service, language="zh-Hans", interim=True),
    ]
    source = await operator.a_source()
    given: dict[str, Any] = {"service": service, "event_id": "e1", "texts": {"it": GOOD, "zh-Hans": CHINESE}}

    before = await preview(source, **given)
    stored = await source.post("/v1/notices", a_notice(**{"links": LINKS, **given}))
    await source.post(
        f"/v1/notices/{stored.body['id']}/approvals", {"language": "zh-Hans", "revision": 1, "name": "Mediatrice"}
    )
    after = await preview(source, **given)
    changed = await preview(source, **{**given, "texts": {"it": GOOD, "zh-Hans": {"title": "11月27日食堂关闭"}}})

    assert [_waits(before, slug) for slug in slugs] == [([], False), (["zh-Hans"], False), (["zh-Hans"], True)]
    assert [_waits(after, slug) for slug in slugs] == [([], False)] * 3
    assert [_waits(changed, slug) for slug in slugs] == [_waits(before, slug) for slug in slugs]


def _waits(answer: Answer, slug: str) -> tuple[list[str], bool]:
    shown = channel(answer, slug)
    return shown["awaits"], shown["meanwhile"]


async def test_nothing_is_stored(source: Caller) -> None:
    await preview(source)

    assert (await source.get("/v1/notices")).body["items"] == []
    assert await source.pool.fetchval("select count(*) from rendering") == 0


@pytest.mark.parametrize(
    ("members", "status", "problem"),
    [
        ({"texts": {}}, 422, "invalid-notice"),
        ({"service": "nessuno"}, 422, "unknown-service"),
        (
            {"texts": {"it": {"title": "<b>"}}, "attachments": [{"title": "x", "href": "http://x.it/"}]},
            422,
            "invalid-notice",
        ),
    ],
)
async def test_what_is_no_notice_is_a_problem(
    source: Caller, members: dict[str, Any], status: int, problem: str
) -> None:
    answer = await preview(source, **members)

    assert (answer.status, answer.problem) == (status, problem)


async def test_a_source_previews_only_what_it_may_speak_of(operator: Caller) -> None:
    source = await operator.a_source(["trasporto"])

    assert (await preview(source)).status == 403


async def test_a_link_that_the_source_may_not_give_is_said_to_be_refused(operator: Caller) -> None:
    source = await operator.a_source()
    await operator.patch(f"/v1/sources/{source.slug}", {"link_hosts": ["altro.example.it"]})

    answer = await preview(source)

    assert answer.body["acceptable"] is False
    assert [each["rule"] for each in answer.body["advice"] if each["refused"]] == ["foreign_link"]
    assert (await source.hand_in(texts={"it": GOOD}, links=LINKS)).status == 422

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A preview says all that would keep a notice from going out at once: per channel, with its reason in two languages."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.database import Pool
from app.domain.notice import Notice
from app.domain.waits import WORDS
from app.doorbell import Doorbell
from app.previewing import MOST
from app.previewing import preview as reaches
from app.settings import Settings
from app.waiting import Rules
from tests.api.calling import Answer, Caller, a_notice, fresh, served

CAREFUL = {"second_person": True, "channel_per_day": 2, "equal_texts": "refuse"}
HALF_A_DAY = timedelta(hours=12)
SEEN_TODAY = "update channel set told = 2, told_on = (now() at time zone 'Europe/Rome')::date where slug = $1"

USED_UP = """
insert into allowance (channel_id, today, month, opens_at)
select id, 0, 1, now() + interval '5 hours' from channel where slug = $1
"""
CROWD = """
insert into channel (id, slug, kind, address, language, services, paused_at)
select gen_random_uuid(), 'folla-' || $1 || '-' || number, 'webhook',
       'https://folla.example.it/' || $1 || number, 'it', array[$1], now()
  from generate_series(1, 205) as number
"""
BLOCKED = """
insert into pace (kind, slowdown, blocked_reason, away_since) values ('noticeboard', 1, $1, $2)
on conflict (kind) do update set blocked_reason = $1, away_since = $2
"""


@pytest.fixture(scope="module")
async def careful(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """An operator of an installation that asks for all that may make a notice wait."""
    async with served(settings.model_copy(update=CAREFUL), pool) as caller:
        yield caller


async def preview(caller: Caller, service: str, query: str = "", **members: Any) -> Answer:
    answer = await caller.post(f"/v1/notices/preview{query}", a_notice(service=service, **members))
    assert answer.status == 200, answer.text
    return answer


def waits(answer: Answer, slug: str) -> dict[str, str | None]:
    """Give the reasons for which a channel would wait, each with its moment; no worker runs in any of these tests."""
    (channel,) = (each for each in answer.body["channels"] if each["slug"] == slug)
    found = {each["reason"]: each["until"] for each in channel["waits"]}
    assert found.pop("no_worker", None) is None
    return found


def rules(answer: Answer) -> Mapping[str, bool]:
    return {each["rule"]: each["refused"] for each in answer.body["advice"]}


def is_near(moment: str | None, wanted: datetime, within: timedelta) -> bool:
    return moment is not None and abs(datetime.fromisoformat(moment) - wanted) < within


async def test_every_reason_is_said_in_italian_and_english(careful: Caller) -> None:
    service = await careful.a_service()
    slug = await careful.a_channel(service)

    answer = await preview(careful, service, priority="urgent")

    (channel,) = (each for each in answer.body["channels"] if each["slug"] == slug)
    said = {each["reason"]: (each["words"]["it"], each["words"]["en"]) for each in channel["waits"]}
    assert said == {reason: WORDS[reason] for reason in ("second_person", "no_worker")}


async def test_an_urgent_notice_for_everybody_waits_for_a_second_person(careful: Caller, operator: Caller) -> None:
    service = await careful.a_service()
    slug = await careful.a_channel(service)
    await careful.a_channel(service, audience={"services": [service], "areas": ["nord"]})
    careless = await preview(operator, service, priority="urgent")

    everybody = await preview(careful, service, priority="urgent")
    some = await preview(careful, service, priority="urgent", audience={"areas": ["sud"]})
    normal = await preview(careful, service)

    assert [waits(each, slug) for each in (careless, everybody, some, normal)] == [{}, {"second_person": None}, {}, {}]


async def test_what_a_second_person_has_let_go_waits_for_nobody(careful: Caller) -> None:
    service, source = await careful.a_service(), await careful.a_source()
    slug = await careful.a_channel(service)
    notice = {"event_id": "e1", "priority": "urgent"}
    accepted = await source.hand_in(service=service, **notice)
    path = f"/v1/notices/{accepted.body['id']}/countersignature"
    before = await preview(source, service, **notice)

    signed = await careful.post(path, {"revision": 1, "name": "Maria Rossi"})

    after, other = await preview(source, service, **notice), await preview(source, service, **notice, kind="closure")
    assert signed.status == 200
    assert [waits(each, slug) for each in (before, after, other)] == [
        {"second_person": None},
        {},
        {"second_person": None},
    ]


async def test_a_channel_that_was_told_enough_today_waits_for_tomorrow(careful: Caller) -> None:
    service, source = await careful.a_service(), await careful.a_source()
    slug = await careful.a_channel(service)
    webhook = await careful.a_channel(service, kind="webhook", address="https://mensa.example.it/avvisi")
    known = await source.hand_in(service=service, event_id="known")
    await careful.pool.execute("update channel set told = 2, told_on = current_date - 2 where slug = $1", slug)
    old = await preview(source, service)
    await careful.pool.execute(SEEN_TODAY, slug)

    now = await preview(source, service)
    later = await preview(source, service, publish_at=(datetime.now(UTC) + timedelta(days=3)).isoformat())
    urgent = await preview(source, service, priority="urgent", audience={"areas": ["nord"]})
    await careful.pool.execute("update delivery set attempts = 1 where notice_id = $1", known.body["id"])
    correction = await preview(source, service, event_id="known", kind="closure")

    assert "daily_cap" not in waits(old, slug)
    assert is_near(waits(now, slug)["daily_cap"], datetime.now(UTC) + HALF_A_DAY, HALF_A_DAY + timedelta(hours=2))
    assert [{"daily_cap"} & waits(each, slug).keys() for each in (later, urgent, correction)] == [set()] * 3
    assert "daily_cap" not in waits(now, webhook)


async def test_a_day_s_cap_is_told_where_there_is_one_only(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    await operator.pool.execute(SEEN_TODAY, slug)

    assert waits(await preview(operator, service), slug) == {}


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("update channel set paused_at = now() where slug = $1", "paused"),
        (USED_UP, "push_quota"),
    ],
)
async def test_how_a_channel_stands_is_said(operator: Caller, statement: str, reason: str) -> None:
    service = await operator.a_service()
    slug, other = await operator.a_channel(service), await operator.a_channel(service)

    await operator.pool.execute(statement, slug)

    answer = await preview(operator, service)
    assert (list(waits(answer, slug)), waits(answer, other)) == ([reason], {})


async def test_what_is_waited_for_is_looked_at_for_the_channels_that_are_shown(
    operator: Caller, settings: Settings
) -> None:
    service = await operator.a_service()
    await operator.pool.execute(CROWD, service)
    notice = Notice.model_validate(a_notice(service=service))

    try:
        found, _ = await reaches(operator.pool, Doorbell(str(settings.redis_url)), notice, None, Rules())
    finally:
        await operator.pool.execute("update channel set retired_at = now() where services = array[$1]", service)

    reached = [each for each in found if not each.why_not]
    assert len(reached) >= MOST + 5
    assert all(each.waits for each in reached[:MOST])
    assert not any(each.waits for each in reached[MOST:])


@pytest.mark.parametrize(("away", "reason"), [(None, "account_blocked"), (datetime.now(UTC), "platform_away")])
async def test_a_platform_that_refuses_us_or_answers_nobody_keeps_back_what_is_for_it(
    operator: Caller, away: datetime | None, reason: str
) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    board = await operator.a_channel(service, kind="noticeboard", address=fresh("scuola"))

    await operator.pool.execute(BLOCKED, "non va", away)
    answer = await preview(operator, service)
    await operator.pool.execute(BLOCKED, None, None)

    assert (waits(answer, board), waits(answer, slug)) == ({reason: None}, {})


async def test_what_is_owed_before_it_goes_first_unless_it_is_more_urgent(operator: Caller) -> None:
    service, source = await operator.a_service(), await operator.a_source()
    slug = await operator.a_channel(service)
    await source.hand_in(service=service, event_id="e1")

    normal, urgent = await preview(source, service), await preview(source, service, priority="urgent")
    itself = await preview(source, service, event_id="e1")

    assert [waits(each, slug) for each in (normal, urgent, itself)] == [{"earlier": None}, {}, {}]


async def test_a_moment_to_come_and_an_approval_are_waited_for(operator: Caller) -> None:
    service, later = await operator.a_service(), datetime.now(UTC) + timedelta(days=2)
    await operator.call("PUT", f"/v1/services/{service}", {"name": "Un servizio", "approvals": ["zh"]})
    texts = {"it": {"title": "Mensa: pasto freddo"}, "zh-Hans": {"title": "食堂改供冷餐"}}
    chinese = await operator.a_channel(service, language="zh-Hans")
    interim = await operator.a_channel(service, language="zh-Hans", interim=True)

    answer = await preview(operator, service, texts=texts, publish_at=later.isoformat())

    assert list(waits(answer, chinese)) == ["scheduled", "approval"]
    assert list(waits(answer, interim)) == ["scheduled"]
    assert is_near(waits(answer, interim)["scheduled"], later, timedelta(seconds=1))


async def test_a_quota_that_is_used_up_is_said_to_the_source_and_to_an_operator(operator: Caller) -> None:
    service = await operator.a_service()
    slug = await operator.a_channel(service)
    source = await operator.a_source()
    await operator.patch(f"/v1/sources/{source.slug}", {"requests_per_day": 2})
    query = f"?source={source.slug}"
    fresh = await preview(operator, service, query)

    first, last = await preview(source, service), await preview(source, service)
    beyond = await source.post("/v1/notices/preview", a_notice(service=service))
    seen = await preview(operator, service, query)
    urgent = await preview(operator, service, query, priority="urgent")

    assert (rules(fresh).get("quota_used_up"), rules(first).get("quota_used_up")) == (None, None)
    assert (rules(last)["quota_used_up"], last.body["acceptable"], beyond.status) == (True, False, 429)
    assert (rules(seen)["quota_used_up"], seen.body["acceptable"]) == (True, False)
    assert is_near(waits(seen, slug)["quota"], datetime.now(UTC) + HALF_A_DAY, HALF_A_DAY)
    assert "quota" not in waits(urgent, slug)


async def test_an_operator_sees_a_notice_as_that_of_a_source(operator: Caller) -> None:
    service, other = await operator.a_service(), await operator.a_service()
    source = await operator.a_source([service])
    await operator.patch(f"/v1/sources/{source.slug}", {"link_hosts": ["comune.example.it"]})
    links = [{"title": "Scheda", "href": "https://altrove.example.org/"}]

    mine = await preview(operator, service, f"?source={source.slug}", links=links)
    foreign = await operator.post(f"/v1/notices/preview?source={source.slug}", a_notice(service=other))

    assert (rules(mine)["foreign_link"], foreign.status) == (True, 403)


@pytest.mark.parametrize(
    ("query", "status", "problem"),
    [
        ("?source=nessuna", 400, "invalid-parameter"),
        ("?source=", 400, "invalid-parameter"),
        ("?quelle=mensa", 400, "invalid-parameter"),
        ("?source=mensa&source=mensa", 400, "invalid-parameter"),
    ],
)
async def test_a_source_that_is_none_is_named(operator: Caller, query: str, status: int, problem: str) -> None:
    answer = await operator.post(f"/v1/notices/preview{query}", a_notice())

    assert (answer.status, answer.problem) == (status, problem)


async def test_a_source_does_not_preview_for_another(operator: Caller) -> None:
    service, mine, other = await operator.a_service(), await operator.a_source(), await operator.a_source()

    refused = await mine.post(f"/v1/notices/preview?source={other.slug}", a_notice(service=service))
    own = await mine.post(f"/v1/notices/preview?source={mine.slug}", a_notice(service=service))

    assert (refused.status, own.status) == (403, 200)


async def test_an_equal_text_is_said_to_be_refused_where_it_is(careful: Caller) -> None:
    service, source = await careful.a_service(), await careful.a_source()
    await source.hand_in(service=service, event_id="e1")

    twin, same = await preview(source, service, event_id="e2"), await preview(source, service, event_id="e1")
    for_some = await preview(source, service, event_id="e2", audience={"areas": ["nord"]})

    assert (rules(twin)["equal_text"], twin.body["acceptable"]) == (True, False)
    assert "twin" not in rules(twin)
    assert ("equal_text" in rules(same), rules(for_some)["twin"]) == (False, False)
    assert (await source.hand_in(service=service, event_id="e2")).problem == "equal-text"


async def test_other_content_under_a_known_event_id_is_said_to_be_refused(operator: Caller) -> None:
    service, source = await operator.a_service(), await operator.a_source()
    await source.hand_in(service=service, event_id="e1")

    same = await preview(source, service, event_id="e1")
    other = await preview(source, service, event_id="e1", kind="closure")

    assert ("event_known" in rules(same), rules(other)["event_known"]) == (False, True)
    assert (await source.hand_in(service=service, event_id="e1", kind="closure")).problem == "event-exists"

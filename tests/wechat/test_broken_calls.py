# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Calls that break, tokens that die, verdicts of every class: one push or none, and never a loop."""

import asyncio

import pytest

from app.amend import Change, withdraw
from app.database import Pool
from deploy.sandbox_wechat import WeChat
from tests.wechat.town import Town, client_for
from tests.wechat.wire_faults import LOST, NEVER_TAKEN, each_of
from workers.wechat.wire import Reply, Watch


@pytest.mark.parametrize(("town", "fault"), each_of(*LOST), indirect=["town"])
async def test_a_lost_answer_after_sendall_is_resolved_by_the_same_key(town: Town, fault: str) -> None:
    await town.channel()
    town.sandbox.fault(fault, method="message/mass/sendall", **LOST[fault])

    await town.accepts()
    await town.settles()

    assert await town.states() == ["delivered"]
    assert len(town.sandbox.sends) == 1
    keys = {entry.key for entry in town.calls("mass/sendall")}
    assert len(keys) == 1
    assert [entry.errcode for entry in town.calls("mass/sendall")][-1] == 45065


@pytest.mark.parametrize(("town", "fault"), each_of(*NEVER_TAKEN), indirect=["town"])
async def test_a_push_that_never_arrived_is_made_again_under_the_same_key(town: Town, fault: str) -> None:
    await town.channel()
    town.sandbox.fault(fault, method="message/mass/sendall", **NEVER_TAKEN[fault])

    await town.accepts()
    await town.settles()

    assert await town.states() == ["delivered"]
    assert len(town.sandbox.sends) == 1
    assert len({entry.key for entry in town.calls("mass/sendall") if entry.key}) == 1


async def test_after_a_lost_answer_the_platform_s_rest_is_kept(pool: Pool, wechat: WeChat) -> None:
    town = Town(pool, wechat, {"repeat_after": 60})
    town.sandbox.account.rules.clientmsgid_rest = 59
    await town.channel()
    town.sandbox.fault("answer_reset", method="message/mass/sendall")
    await town.accepts()
    await town.turn()
    await town.pool.execute("update delivery set due_at = now()")
    early = await town.turn()

    town.later(seconds=61)
    await town.settles()
    await town.client.http.close()

    assert early == ["Postponed"]
    assert [entry.errcode for entry in town.calls("mass/sendall")] == [None, 45065]
    assert await town.states() == ["delivered"]


async def test_never_after_twenty_hours_then_a_person_decides(town: Town) -> None:
    await town.channel()
    town.sandbox.fault("answer_reset", method="message/mass/sendall")
    await town.accepts(priority="bulk")
    await town.turn()

    town.later(hours=21)
    await town.settles()

    assert await town.states() == ["held"]
    assert "more than 20 hours ago" in await town.reason()
    assert len(list(town.calls("mass/sendall"))) == 1


async def test_a_draft_that_is_gone_after_a_lost_answer_is_for_a_person(town: Town) -> None:
    await town.channel()
    town.sandbox.fault("answer_reset", method="message/mass/sendall")
    town.sandbox.fault(errcode=40007, method="message/mass/sendall")

    await town.accepts(priority="urgent")
    await town.settles()

    assert await town.states() == ["held"]


@pytest.mark.parametrize(
    ("fault", "state"), [("answer_reset", "held"), ("reset_before_accepting", "withdrawn")], ids=["taken", "not taken"]
)
async def test_what_is_withdrawn_without_an_answer_is_told_by_its_draft(town: Town, fault: str, state: str) -> None:
    await town.channel()
    town.sandbox.fault(fault, method="message/mass/sendall")
    notice = await town.accepts()
    await town.turn()

    await withdraw(town.pool, Change(notice.id, "mensa", "test", None))
    await town.settles()

    assert await town.states() == [state]
    assert len(list(town.calls("mass/sendall"))) == 1
    assert town.sandbox.account.drafts == {}


async def test_a_token_that_dies_between_draft_and_push_is_refreshed_once(town: Town) -> None:
    await town.channel()
    town.sandbox.fault(errcode=42001, method="message/mass/sendall")

    await town.accepts()
    await town.settles()

    assert await town.attempts() == ["submitted", "delivered"]
    assert len(list(town.calls("stable_token"))) >= 2
    assert len(town.sandbox.sends) == 1


async def test_a_token_killed_by_another_system_is_replaced(town: Town) -> None:
    await town.channel()
    await town.accepts()
    await town.settles()
    town.sandbox.tokens.kill()
    town.later(days=1)

    await town.accepts()
    await town.settles()

    assert await town.states() == ["delivered", "delivered"]


async def test_a_token_that_goes_on_being_refused_is_a_configuration_fault_and_burns_nothing(town: Town) -> None:
    await town.channel()
    town.sandbox.fault(errcode=40001, method="draft/add", times=None)

    await town.accepts()
    await town.turn()

    assert await town.attempts() == ["misconfigured"]
    assert await town.states() == ["due"]
    assert len(list(town.calls("draft/add"))) == 2


async def test_many_workers_share_one_token_and_one_refresh(pool: Pool, wechat: WeChat) -> None:
    wechat.faults.add("delayed", method="stable_token", delay=0.2)
    clients = [client_for(pool, wechat) for _ in range(8)]

    replies = await asyncio.gather(*(each.call("/cgi-bin/draft/get", {"media_id": "x"}, Watch()) for each in clients))
    for each in clients:
        await each.http.close()

    assert {reply.errcode for reply in replies if isinstance(reply, Reply)} == {40007}
    assert len([entry for entry in wechat.journal if entry.did == "token"]) == 1


async def test_a_refused_token_is_refreshed_by_one_of_many(pool: Pool, wechat: WeChat) -> None:
    clients = [client_for(pool, wechat) for _ in range(6)]
    await clients[0].call("/cgi-bin/draft/get", {"media_id": "x"}, Watch())
    wechat.tokens.kill()

    replies = await asyncio.gather(*(each.call("/cgi-bin/draft/get", {"media_id": "x"}, Watch()) for each in clients))
    for each in clients:
        await each.http.close()

    assert {reply.errcode for reply in replies if isinstance(reply, Reply)} == {40007}
    assert len([entry for entry in wechat.journal if entry.did == "token"]) == 2


@pytest.mark.parametrize(
    ("errcode", "outcome", "state"),
    [
        (-1, "failed", "due"),
        (45011, "throttled", "due"),
        (45009, "postponed", "due"),
        (40013, "misconfigured", "due"),
        (40164, "misconfigured", "due"),
        (48001, "gone", "due"),
        (50002, "gone", "due"),
        (48008, "gone", "due"),
        (45003, "refused", "dead"),
        (53503, "refused", "dead"),
        (99999, "declined", "due"),
        (0, "failed", "due"),
    ],
)
async def test_each_class_of_verdict_on_a_draft_ends_as_the_table_says(
    town: Town, errcode: int, outcome: str, state: str
) -> None:
    await town.channel()
    town.sandbox.fault(errcode=errcode, method="draft/add", times=None)

    await town.accepts()
    await town.turn()

    assert (await town.attempts(), await town.states()) == ([outcome], [state])
    assert town.sandbox.sends == []


@pytest.mark.parametrize("method", ["draft/add", "message/mass/sendall"], ids=["the cover", "the draft"])
async def test_what_wechat_no_longer_knows_is_made_anew_and_is_no_silence(town: Town, method: str) -> None:
    await town.channel()
    town.sandbox.fault(errcode=40007, method=method)

    await town.accepts()
    await town.settles()

    assert (await town.attempts())[0] == "declined"
    assert await town.states() == ["delivered"]


async def test_an_unknown_verdict_on_the_push_itself_is_for_a_person(town: Town) -> None:
    await town.channel()
    town.sandbox.fault(errcode=99999, method="message/mass/sendall")

    await town.accepts(priority="urgent")
    await town.settles()

    assert await town.states() == ["held"]


async def test_an_account_whose_rights_end_is_paused_and_goes_on_when_they_return(town: Town) -> None:
    await town.channel()
    town.sandbox.account.profile_name = "expired"
    await town.accepts()
    await town.turn()
    paused = await town.pool.fetchval("select paused_reason from channel")
    refused = (await town.desk.inspect("all", None)).answer

    town.sandbox.account.profile_name = "overseas_service"
    mended = (await town.desk.inspect("all", None)).answer

    assert "48001" in paused
    assert (refused.verdict, mended.verdict) == ("refused", "ok")
    assert mended.rights == {"drafts": True, "pushes": True}


async def test_an_address_that_is_none_is_refused_with_its_form(town: Town) -> None:
    found = await town.desk.inspect("@scuola", None)

    assert (found.answer.verdict, "all for every follower" in str(found.answer.problem)) == ("refused", True)


async def test_neither_secret_nor_token_is_in_any_reason(town: Town) -> None:
    await town.channel()
    town.sandbox.fault("answer_reset", method="draft/add", times=3)
    await town.accepts()
    await town.settles()

    rows = await town.pool.fetch("select error from attempt")
    told = " ".join(str(row["error"]) for row in rows)
    token = await town.pool.fetchval("select value from kept where name like 'token%'")
    assert token not in told
    assert "sandbox-not-a-real-secret" not in told

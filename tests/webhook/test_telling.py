# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A notice, its corrections and its withdrawal reach a webhook, each event once whatever happens on the way."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook

from app.amend import Change, amend, withdraw
from app.outbox import redrive
from app.routing import Routing
from app.signing import new_private_key, new_shared_secret
from app.trace import enter, received
from tests.given import a_notice
from tests.webhook.conftest import Post, until

RICH = {
    "texts": {"it": {"title": "Mensa", "summary": "In breve", "body": "**Forte**", "what_to_do": ["Leggere"]}},
    "valid_until": "2027-11-27T14:30:00+01:00",
    "links": [{"title": "Scheda", "href": "https://www.comune.prato.it/mensa"}],
}


async def amended(post: Post, number: UUID, event_id: str, **members: object) -> None:
    content = a_notice(event_id=event_id, **members)
    await amend(post.pool, Routing(), Change(number, "mensa", "test", None), content)
    post.bell.ring()


async def withdrawn(post: Post, number: UUID) -> None:
    await withdraw(post.pool, Change(number, "mensa", "test", None))
    post.bell.ring()


async def test_a_notice_arrives_whole_and_signed(post: Post) -> None:
    secret = new_shared_secret()
    await post.channel(secret=secret)
    notice = await post.accepts(event_id="mensa/1", **RICH)
    await post.settled()

    (call,) = post.receiver.calls
    event = Webhook(secret).verify(call.body, dict(call.headers))
    assert event["type"] == "notice.published"
    data = event["data"]
    assert (data["id"], data["event_id"], data["revision"]) == (str(notice.id), "mensa/1", 1)
    assert (data["title"], data["body"], data["what_to_do"]) == ("Mensa", "**Forte**", ["Leggere"])
    assert (data["state"], data["language"], data["links"]) == ("current", "it", RICH["links"])
    assert datetime.fromisoformat(event["timestamp"]) <= datetime.now(UTC)
    assert await post.pool.fetchval("select posts -> 0 ->> 'reference' from delivery") == call.id


async def test_a_channel_with_an_ed25519_key_is_verified_by_its_public_half(post: Post) -> None:
    await post.channel(secret=new_private_key())
    await post.accepts()
    await post.settled()

    (call,) = post.receiver.calls
    assert call.verified
    assert call.headers["webhook-signature"].startswith("v1a,")


async def test_during_a_rotation_both_secrets_verify(post: Post) -> None:
    first, second = new_shared_secret(), new_shared_secret()
    channel = await post.channel(secret=first)
    await post.signs_with(channel, second)
    await post.accepts()
    await post.settled()

    (call,) = post.receiver.calls
    assert all(Webhook(secret).verify(call.body, dict(call.headers)) for secret in (first, second))


async def test_a_correction_and_a_withdrawal_are_further_events_with_ids_of_their_own(post: Post) -> None:
    await post.channel()
    notice = await post.accepts(event_id="mensa/1")
    await post.settled()
    await amended(post, notice.id, "mensa/1", texts={"it": {"title": "Mensa, corretta"}})
    await until(lambda: _told(post, 2))
    await withdrawn(post, notice.id)
    await post.settled("withdrawn")

    assert post.receiver.types() == ["notice.published", "notice.corrected", "notice.withdrawn"]
    last = list(post.receiver.taken.values())[-1]["data"]
    assert (last["id"], last["state"], last["title"]) == (str(notice.id), "withdrawn", "Mensa, corretta")
    assert "body" not in last


async def _told(post: Post, many: int) -> bool:
    return len(post.receiver.taken) == many and await post.states() == ["delivered"]


async def test_what_changes_nothing_for_this_channel_is_not_told(post: Post) -> None:
    await post.channel(language="it")
    both = {"it": {"title": "Mensa"}, "en": {"title": "Canteen"}}
    notice = await post.accepts(event_id="mensa/1", texts=both)
    await post.settled()

    await amended(post, notice.id, "mensa/1", texts={**both, "en": {"title": "School canteen"}})
    await post.settled()

    assert await post.pool.fetchval("select shown from delivery") == 2
    assert post.receiver.types() == ["notice.published"]


@pytest.mark.parametrize(
    ("post", "misdeed"), [({}, "swallow"), ({"webhook_timeout": 1}, "hang")], indirect=["post"], ids=["swallow", "hang"]
)
async def test_a_lost_answer_is_repeated_under_the_same_id_and_with_the_same_body(post: Post, misdeed: str) -> None:
    await post.channel()
    post.receiver.script.append(misdeed)  # type: ignore[arg-type]  # one of the two
    await post.accepts(in_doubt="hold")
    await until(lambda: _in_doubt(post))
    await post.hurry()
    await post.settled()

    assert len({call.id for call in post.receiver.calls}) == 1
    assert len({call.body for call in post.receiver.calls}) == 1
    assert len(post.receiver.calls) == 2 or (misdeed == "hang" and len(post.receiver.calls) > 1)


async def _in_doubt(post: Post) -> bool:
    return await post.states() == ["in_doubt"]


@pytest.mark.parametrize("status", [302, 401, 503])
async def test_a_failure_is_tried_again_under_the_same_id_and_a_redirect_is_never_followed(
    post: Post, status: int
) -> None:
    await post.channel()
    post.receiver.script.append((status, {"Location": post.receiver.url("/elsewhere")}))
    await post.accepts()
    await until(lambda: _called(post, 1))
    await post.hurry()
    await post.settled()

    assert {(call.id, call.path) for call in post.receiver.calls} == {(post.receiver.calls[0].id, "/registro")}
    assert await post.pool.fetchval("select count(*) from attempt where outcome = 'failed'") == 1


async def _called(post: Post, many: int) -> bool:
    told: int = await post.pool.fetchval("select count(*) from attempt where outcome is not null")
    return min(len(post.receiver.calls), told) >= many


@pytest.mark.parametrize("status", [422])
async def test_what_the_receiver_will_never_take_is_a_dead_letter(post: Post, status: int) -> None:
    await post.channel()
    post.receiver.script.append(status)
    await post.accepts()
    await post.settled("dead")

    assert await post.pool.fetchval("select last_error from delivery") == f"the receiver refuses this notice ({status})"


async def test_what_was_in_doubt_and_is_told_after_all_is_withdrawn_without_a_person(post: Post) -> None:
    await post.channel()
    post.receiver.script.extend(["swallow", 422])
    notice = await post.accepts(in_doubt="hold")
    await until(lambda: _in_doubt(post))
    await post.hurry()
    await post.settled("dead")
    await redrive(post.pool, await post.pool.fetchval("select array_agg(id) from delivery"))
    post.bell.ring()
    await post.settled()
    (delivered,) = await post.pool.fetch("select doubted, last_error from delivery")

    await withdrawn(post, notice.id)
    await post.settled("withdrawn")

    assert tuple(delivered) == (False, None)
    assert len({call.id for call in post.receiver.calls}) == 2


async def test_a_receiver_that_is_gone_pauses_its_channel_and_what_it_is_owed_is_kept(post: Post) -> None:
    await post.channel()
    post.receiver.script.append(410)
    await post.accepts()
    await until(lambda: _paused(post))

    assert await post.states() == ["due"]
    assert "410" in await post.pool.fetchval("select paused_reason from channel")


async def _paused(post: Post) -> bool:
    paused: bool = await post.pool.fetchval("select paused_at is not null from channel")
    return paused


async def test_haste_of_two_receivers_holds_up_no_third(post: Post) -> None:
    for slug in ("uno", "due"):
        await post.channel(slug, services=["mensa"], secret=new_shared_secret())
    post.receiver.script.extend([(429, {"Retry-After": "3600"}), (429, {"Retry-After": "3600"})])
    await post.accepts(service="mensa")
    await until(lambda: _throttled(post))
    await post.channel("tre", services=["trasporto"])
    await post.accepts(service="trasporto")

    await post.settled("due", "due", "delivered")
    wait = await post.pool.fetchval("select min(free_at) - now() from channel where slug <> 'tre'")
    assert wait.total_seconds() > 3000


async def _throttled(post: Post) -> bool:
    count: int = await post.pool.fetchval("select count(*) from attempt where outcome = 'throttled'")
    return count == 2


async def test_a_channel_without_a_secret_is_paused_and_says_what_to_do(post: Post) -> None:
    await post.channel(secret=None)
    await post.accepts()
    await until(lambda: _paused(post))

    assert "POST /v1/channels/{slug}/secret" in await post.pool.fetchval("select paused_reason from channel")
    assert post.receiver.calls == []


async def test_an_address_on_this_machine_that_is_no_exception_is_never_dialled(post: Post) -> None:
    channel = await post.channel()
    await post.pool.execute("update channel set address = 'https://127.0.0.1:8443/hook'")
    await post.accepts()
    await until(lambda: _paused(post))

    assert post.receiver.calls == []
    assert channel
    assert "may not be called" in await post.pool.fetchval("select paused_reason from channel")


async def is_owed_by_name(post: Post) -> None:
    """Accept a notice for a channel whose address is a name of this machine."""
    await post.channel()
    await post.pool.execute("update channel set address = $1", f"https://localhost:{post.receiver.port}/registro")
    await post.accepts()


@pytest.mark.parametrize("receiver", [["localhost"]], indirect=True, ids=["name"])
async def test_a_name_that_leads_to_this_machine_is_never_dialled_though_the_name_is_an_exception(post: Post) -> None:
    await is_owed_by_name(post)
    await until(lambda: _paused(post))

    assert post.receiver.calls == []
    assert "may not be called: the address is not a public one" in await post.pool.fetchval(
        "select paused_reason from channel"
    )


@pytest.mark.parametrize("receiver", [["localhost", "127.0.0.1"]], indirect=True, ids=["name-and-address"])
async def test_a_name_is_dialled_where_the_address_that_it_leads_to_is_an_exception_as_well(post: Post) -> None:
    await is_owed_by_name(post)
    await post.settled()

    assert [call.headers["host"] for call in post.receiver.calls] == [f"localhost:{post.receiver.port}"]


async def test_a_secret_that_the_keys_do_not_read_stops_the_kind_and_not_the_notices(post: Post) -> None:
    await post.channel()
    await post.pool.execute("update secret set key_id = 'deadbeef'")
    await post.accepts()

    async def blocked() -> bool:
        return await post.pool.fetchval("select blocked_reason from pace where kind = 'webhook'") is not None

    await until(blocked)
    assert "lacks the key deadbeef" in await post.pool.fetchval(
        "select blocked_reason from pace where kind = 'webhook'"
    )
    assert await post.states() == ["due"]


async def test_a_call_goes_on_with_the_trace_of_its_notice_by_the_step_that_is_kept(post: Post) -> None:
    await post.channel()
    enter(
        received(
            [(b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), (b"tracestate", b"a=1")]
        )
    )
    await post.accepts()
    await post.settled()

    (call,) = post.receiver.calls
    assert call.headers["traceparent"] == await post.pool.fetchval("select traceparent from attempt")
    assert call.headers["traceparent"].startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    assert "00f067aa0ba902b7" not in call.headers["traceparent"]
    assert call.headers["tracestate"] == "a=1"

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""/callbacks: made by a source for itself or by an operator, seen by nobody else, its secret shown once."""

from typing import Any

import pytest

from app.database import Pool
from app.settings import Settings
from app.vault import Vault, kept
from tests.api.calling import Answer, Caller, fresh, served

URL = "https://mensa.comune.example.it/campanella"
CALL = """
insert into endpoint_call (id, endpoint_id, type, key, body, state) values ($1, $2, 'notice.dead', $1, '{}', $3)
"""


async def made(caller: Caller, **members: Any) -> Answer:
    return await caller.post("/v1/callbacks", {"url": URL, **members})


async def with_a_call(source: Caller, state: str) -> tuple[str, str]:
    """Give the address of a callback, and the id of a call of it in this state."""
    number = (await made(source)).body["id"]
    call = f"msg_{number.replace('-', '')}"
    await source.pool.execute(CALL, call, number, state)
    return f"/v1/callbacks/{number}", call


async def test_a_source_asks_to_be_called_and_gets_its_secret_once(source: Caller, settings: Settings) -> None:
    answer = await made(source, types=["notice.dead"])

    assert (answer.status, answer.body["source"], answer.body["types"]) == (201, source.slug, ["notice.dead"])
    assert (answer.body["consent"], answer.body["state"]) == ("pending", "active")
    assert await kept(source.pool, Vault.of(settings), "callback", answer.body["id"]) == [answer.body["secret"]]
    seen = await source.get(f"/v1/callbacks/{answer.body['id']}")
    assert answer.body["secret"] not in seen.text
    assert seen.body == {name: value for name, value in answer.body.items() if name != "secret"}


async def test_where_no_secret_can_be_kept_nobody_is_told_to_try_again(
    source: Caller, settings: Settings, pool: Pool
) -> None:
    async with served(settings.model_copy(update={"secret_keys": None}), pool) as there:
        answer = await made(there.having(source.key))

    assert (answer.status, answer.problem) == (501, "not-set-up")
    assert "CAMPANELLA_SECRET_KEYS" in answer.body["detail"]
    assert "Retry-After" not in answer.headers
    assert (await source.get("/v1/callbacks")).body["items"] == []


async def test_an_operator_makes_one_for_a_source_it_names(operator: Caller, source: Caller) -> None:
    nobodys, strangers = await made(operator), await made(operator, source="nessuna")

    assert (await made(operator, source=source.slug)).body["source"] == source.slug
    assert (nobodys.status, nobodys.pointers) == (422, ["#/source"])
    assert (strangers.status, strangers.pointers) == (422, ["#/source"])


async def test_a_source_sees_and_changes_only_its_own(operator: Caller, source: Caller) -> None:
    other = await operator.a_source()
    path = f"/v1/callbacks/{(await made(other)).body['id']}"

    assert (await made(source, source=other.slug)).status == 403
    tried = [
        await source.get(path),
        await source.patch(path, {"enabled": False}),
        await source.call("DELETE", path),
        await source.post(f"{path}/secret", {}),
        await source.post(f"{path}/check"),
        await source.get(f"{path}/calls"),
        await source.post(f"{path}/recover", {"since": "2026-11-24T00:00:00Z"}),
    ]
    assert [answer.status for answer in tried] == [404] * len(tried)
    assert (await source.get("/v1/callbacks")).body["items"] == []


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"url": "http://mensa.example.it"}, "#/url"),
        ({"url": "https://user:pass@mensa.example.it"}, "#/url"),
        ({"url": "https://mensa.example.it/" + "x" * 2048}, "#/url"),
        ({"types": ["notice.exploded"]}, "#/types/0"),
        ({"signature": "none"}, "#/signature"),
        ({"secret": "mine"}, "#/secret"),
    ],
)
async def test_what_breaks_a_rule_is_named_and_nothing_is_stored(
    source: Caller, members: dict[str, Any], pointer: str
) -> None:
    answer = await made(source, **members)

    assert (answer.status, answer.pointers) == (422, [pointer])
    assert (await source.get("/v1/callbacks")).body["items"] == []


NOT_CALLED = [
    "https://localhost/eventi",
    "https://LOCALHOST:8443/",
    "https://mensa.localhost/",
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://127.0.0.0x1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0/",
    "https://10.1.2.3/",
    "https://169.254.169.254/latest/meta-data",
    "https://192.168.1.1:443/",
    "https://224.0.0.1/",
    "https://postgres/",
    "https://mensa.comune.example.it:22/",
    "https://mensa.comune.example.it:80/",
    "https://mensa.comune.example.it:0/",
    "https://mensa.comune.example.it:99999/",
    "https://-mensa-.example.it/",
    "https://mensa..example.it/",
    "https://" + "a" * 64 + ".example.it/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://user@mensa.comune.example.it/",
    "gopher://mensa.comune.example.it/",
]


@pytest.mark.parametrize("url", NOT_CALLED)
async def test_an_address_that_would_never_be_called_is_refused_at_once(source: Caller, url: str) -> None:
    answer = await made(source, url=url)

    assert (answer.status, answer.problem, answer.pointers) == (422, "invalid-body", ["#/url"])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (await source.get("/v1/callbacks")).body["items"] == []


async def test_an_address_that_the_installation_excepts_is_taken(
    source: Caller, settings: Settings, pool: Pool
) -> None:
    excepted = settings.model_copy(update={"fetch_exceptions": "elsewhere:1, 127.0.0.1:9443"})
    async with served(excepted, pool) as there:
        answers = [await made(there.having(source.key), url=f"https://127.0.0.1:{port}/x") for port in (9443, 9444)]

    assert [answer.status for answer in answers] == [201, 422]


@pytest.mark.parametrize("url", [URL, URL.replace("mensa", "MENSA"), URL.replace(".it/", ".it:443/"), f"{URL}#a"])
async def test_one_source_has_one_callback_at_one_address(operator: Caller, source: Caller, url: str) -> None:
    first, second = await made(source), await made(source, url=url)
    of_another = await made(await operator.a_source())
    await source.call("DELETE", f"/v1/callbacks/{first.body['id']}")

    assert (second.status, second.problem, second.pointers) == (409, "state-conflict", ["#/url"])
    assert (of_another.status, (await made(source, url=url)).status) == (201, 201)


async def test_a_callback_is_changed_stopped_and_let_go_on(source: Caller) -> None:
    path = f"/v1/callbacks/{(await made(source)).body['id']}"

    stopped = await source.patch(path, {"enabled": False, "types": ["notice.held"]})
    back = await source.patch(path, {"enabled": True})

    assert (stopped.body["state"], stopped.body["disabled_reason"]) == ("disabled", "disabled by hand")
    assert (back.body["state"], back.body["types"], back.body["disabled_reason"]) == ("active", ["notice.held"], None)


async def test_a_retired_callback_is_gone_with_its_secret(source: Caller, settings: Settings) -> None:
    number = (await made(source)).body["id"]

    assert (await source.call("DELETE", f"/v1/callbacks/{number}")).status == 204
    assert (await source.get(f"/v1/callbacks/{number}")).status == 404
    assert await kept(source.pool, Vault.of(settings), "callback", number) == []


async def test_a_secret_is_replaced_without_a_gap(source: Caller, settings: Settings) -> None:
    first = (await made(source)).body

    second = (await source.post(f"/v1/callbacks/{first['id']}/secret", {})).body

    serving = await kept(source.pool, Vault.of(settings), "callback", first["id"])
    assert serving == [second["secret"], first["secret"]]


async def test_calls_are_listed_and_replayed_by_their_id(source: Caller) -> None:
    path, call = await with_a_call(source, "failed")

    listed = await source.get(f"{path}/calls?state=failed")
    again = await source.post(f"{path}/calls/{call}/replay")

    assert [item["id"] for item in listed.body["items"]] == [call]
    assert (again.status, again.body["state"], again.body["tries"]) == (200, "due", 0)
    assert (await source.post(f"{path}/calls/msg_00/replay")).status == 404


@pytest.mark.parametrize(("state", "task"), [("failed", "recover"), ("missed", "replay-missing")])
async def test_many_calls_are_replayed_since_a_moment(source: Caller, state: str, task: str) -> None:
    path, _ = await with_a_call(source, state)

    later = await source.post(f"{path}/{task}", {"since": "2126-11-24T00:00:00Z"})
    since = await source.post(f"{path}/{task}", {"since": "2026-01-01T00:00:00Z"})

    assert (later.body["calls"], since.body["calls"]) == (0, 1)


async def test_nothing_is_replayed_to_a_callback_that_is_disabled(source: Caller) -> None:
    path, call = await with_a_call(source, "failed")
    await source.patch(path, {"enabled": False})

    assert (await source.post(f"{path}/calls/{call}/replay")).status == 409
    assert (await source.post(f"{path}/recover", {"since": "2026-01-01T00:00:00Z"})).status == 409


async def test_a_check_asks_for_consent_once_more(source: Caller) -> None:
    number = (await made(source)).body["id"]
    await source.pool.execute("update endpoint set asked_at = now(), problem = 'no' where id = $1", number)

    assert (await source.get(f"/v1/callbacks/{number}")).body["consent"] == "refused"
    assert (await source.post(f"/v1/callbacks/{number}/check")).body == {"calls": 0}
    assert (await source.get(f"/v1/callbacks/{number}")).body["consent"] == "pending"


async def test_a_source_has_ten_callbacks_at_most(source: Caller) -> None:
    answers = [await made(source, url=f"{URL}/{fresh('x')}") for _ in range(11)]

    assert [answer.status for answer in answers] == [201] * 10 + [409]


async def bind(operator: Caller, source: Caller, *hosts: str) -> None:
    await operator.patch(f"/v1/sources/{source.slug}", {"link_hosts": list(hosts)})


async def test_a_source_that_is_bound_to_hosts_is_called_at_these_only(operator: Caller, source: Caller) -> None:
    await bind(operator, source, "comune.example.it")

    good, foreign = await made(source), await made(source, url="https://evil.example/eventi")
    by_an_operator = await made(operator, source=source.slug, url="https://comune.example.it.evil.example/")

    assert (good.status, foreign.status, by_an_operator.status) == (201, 422, 422)
    assert (foreign.problem, foreign.pointers) == ("invalid-body", ["#/url"])


async def test_a_callback_outside_of_hosts_named_later_is_stopped_until_they_allow_it(
    operator: Caller, source: Caller
) -> None:
    kept_on = (await made(source, url="https://comune.prato.it/eventi")).body["id"]
    path, call = await with_a_call(source, "due")

    await bind(operator, source, "comune.prato.it")
    stopped, refused = await source.get(path), await source.patch(path, {"enabled": True})
    await bind(operator, source)

    assert (stopped.body["state"], refused.status, refused.problem) == ("disabled", 409, "state-conflict")
    assert "link_hosts" in stopped.body["disabled_reason"]
    assert (await source.get(f"{path}/calls?state=missed")).body["items"][0]["id"] == call
    assert (await source.get(f"/v1/callbacks/{kept_on}")).body["state"] == "active"
    assert (await source.patch(path, {"enabled": True})).body["state"] == "active"


async def test_an_address_that_is_excepted_no_more_is_not_enabled_again(source: Caller) -> None:
    number = (await made(source)).body["id"]
    await source.pool.execute("update endpoint set url = 'https://127.0.0.1:9443/' where id = $1", number)

    answers = [await source.patch(f"/v1/callbacks/{number}", {"enabled": enabled}) for enabled in (False, True)]

    assert [answer.status for answer in answers] == [200, 409]
    assert (await source.get(f"/v1/callbacks/{number}")).body["state"] == "disabled"


async def test_a_refusal_that_the_hosts_of_the_source_decide_is_not_kept_under_a_key(
    operator: Caller, source: Caller
) -> None:
    await bind(operator, source, "comune.example.it")
    there, key = {"url": "https://scuole.example/eventi"}, {"Idempotency-Key": fresh("chiave")}

    refused = await source.post("/v1/callbacks", there, **key)
    await bind(operator, source, "scuole.example")
    made_then, again = [await source.post("/v1/callbacks", there, **key) for _ in range(2)]

    assert [answer.status for answer in (refused, made_then, again)] == [422, 201, 201]
    assert "Idempotent-Replayed" not in made_then.headers
    assert (again.headers["Idempotent-Replayed"], again.body["id"]) == ("true", made_then.body["id"])

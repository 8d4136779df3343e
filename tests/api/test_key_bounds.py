# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a key may do, from where and from when; how it is replaced, reported, and where it is never taken from."""

import asyncio
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from app.access import Access
from app.domain.key import checksum, digest, new_key
from deploy.servers import Servers
from tests.api.calling import Answer, Caller, served, some_settings


async def a_person(operator: Caller, **members: Any) -> Answer:
    return await operator.post("/v1/keys", {"role": "operator", "label": "Ufficio", **members})


async def test_a_key_says_what_it_may_do_from_where_and_who_made_it(operator: Caller) -> None:
    bounds = {"scopes": ["channels:admin"], "networks": ["127.0.0.0/8", "2001:db8::/32"], "not_before": None}
    issued = (await a_person(operator, **bounds)).body

    shown = (await operator.get(f"/v1/keys/{issued['id']}")).body

    assert (shown["scopes"], shown["networks"]) == (["channels:admin"], ["127.0.0.0/8", "2001:db8::/32"])
    assert (shown["created_by"], shown["state"], shown["last_used_ip"]) == ("admin", "valid", None)
    assert (await operator.having(issued["key"]).get("/v1/channels")).status == 200


@pytest.mark.parametrize(
    ("bounds", "pointer"),
    [
        ({"scopes": ["everything"]}, "#/scopes/0"),
        ({"role": "viewer", "scopes": ["notices:read", "sources:admin"]}, "#/scopes/1"),
        ({"networks": ["192.0.2.1/24"]}, "#/networks/0"),
        ({"networks": ["ufficio"]}, "#/networks/0"),
        ({"expires_in_days": 401}, "#/expires_in_days"),
        ({"expires_in_days": 401.0}, "#/expires_in_days"),
        ({"expires_in_days": 30.5}, "#/expires_in_days"),
        ({"expires_in_days": "30"}, "#/expires_in_days"),
        ({"not_before": "2099-01-01T00:00:00Z"}, "#/not_before"),
    ],
)
async def test_bounds_that_make_no_sense_are_refused(operator: Caller, bounds: dict[str, Any], pointer: str) -> None:
    answer = await a_person(operator, **bounds)

    assert (answer.status, answer.pointers) == (422, [pointer])


async def test_a_whole_number_is_one_however_json_writes_it(operator: Caller) -> None:
    issued = (await a_person(operator, expires_in_days=30.0)).body

    assert days(issued) == 30


def days(issued: dict[str, Any]) -> int:
    ends, begins = (datetime.fromisoformat(issued[name]) for name in ("expires_at", "created_at"))
    return round((ends - begins).total_seconds() / 86_400)


REFUSED = {
    "from elsewhere": "networks = '{192.0.2.0/24}'",
    "too early": "not_before = now() + interval '1 hour'",
    "expired": "expires_at = now()",
    "revoked": "revoked_at = now()",
}


@pytest.mark.parametrize("state", REFUSED.values(), ids=REFUSED)
async def test_a_key_out_of_its_bounds_is_refused_like_any_other(operator: Caller, state: str) -> None:
    source = await operator.a_source()
    await operator.pool.execute(f"update key set {state} where source = $1", source.slug)  # noqa: S608 - ours

    answer = await source.get("/v1/notices")

    assert (answer.status, answer.problem, "errors" in answer.body) == (401, "unauthenticated", False)


async def test_nobody_gives_more_than_they_have(operator: Caller) -> None:
    few = ["sources:admin", "audit:read"]
    less = operator.having((await a_person(operator, scopes=few)).body["key"])

    answers = [
        await a_person(less),
        await a_person(less, scopes=["channels:admin"]),
        await a_person(less, role="viewer"),
        await a_person(less, scopes=few),
    ]

    assert [answer.status for answer in answers] == [403, 403, 403, 201]


async def test_where_a_key_was_used_from_is_written_down(operator: Caller) -> None:
    source = await operator.a_source()
    access = Access(operator.pool, None)
    await access.caller(str(source.key), "192.0.2.7")

    await access.use.write_down()

    (key,) = (await operator.get(f"/v1/sources/{source.slug}/keys")).body["items"]
    assert key["last_used_ip"] == "192.0.2.7"


async def test_with_a_pepper_the_digests_alone_are_worth_nothing(operator: Caller) -> None:
    source = await operator.a_source()
    number = str(source.key)[10:22]
    plain, peppered = Access(operator.pool, None), Access(operator.pool, None, pepper=b"pepe")

    before = await peppered.caller(str(source.key))
    await peppered.use.write_down()
    found = [
        await Access(operator.pool, None, pepper=pepper).caller(str(source.key)) for pepper in (b"pepe", b"sale", None)
    ]

    kept = await operator.pool.fetchval("select digest from key where id = $1", number)
    assert before is not None
    assert [caller is not None for caller in found] == [True, False, False]
    assert kept == digest(str(source.key), b"pepe") != digest(str(source.key))
    assert await plain.caller(str(source.key)) is None


async def test_a_leaked_key_can_be_reported_by_anybody_who_learns_nothing(operator: Caller) -> None:
    source, other = await operator.a_source(), await operator.a_source()
    mistaken = str(other.key)[:23] + "0" * 32
    shown = {
        "right": str(source.key),
        "wrong": mistaken + checksum(mistaken),
        "unknown": new_key().text,
        "junk": "segreto",
        "bootstrap": str(operator.key),
    }

    answers = [await operator.having(None).post("/v1/keys/revocations", {"key": key}) for key in shown.values()]

    assert [(answer.status, answer.text) for answer in answers] == [(202, '{"received":true}')] * len(shown)
    assert [(await caller.get("/v1/notices")).status for caller in (source, other, operator)] == [401, 200, 200]
    (entry,) = (await operator.get(f"/v1/audit?target=key/{shown['right'][10:22]}&act=key.revoked")).body["items"]
    assert (entry["who"], entry["address"]) == ("reported", "127.0.0.1")


async def test_a_report_of_a_guess_waits_for_nobody_who_holds_that_key(operator: Caller, source: Caller) -> None:
    guess = str(source.key)[:23] + "0" * 32
    shown = [guess + checksum(guess), "segreto"]

    async with operator.pool.acquire() as connection, connection.transaction():
        await connection.execute("select from key where id = $1 for update", str(source.key)[10:22])
        answers = [await operator.having(None).post("/v1/keys/revocations", {"key": key}) for key in shown]

    assert [answer.status for answer in answers] == [202, 202]


async def test_the_bootstrap_key_ends_with_the_first_operator(servers: Servers, database_url: str) -> None:
    settings = some_settings(database_url, servers.redis.url(0), admin_key_stays=False)
    stays = some_settings(database_url, servers.redis.url(0))
    async with asyncpg.create_pool(database_url, min_size=0) as pool, served(settings, pool) as first:
        viewer = await first.post("/v1/keys", {"role": "viewer", "label": "Sala"})
        little = await a_person(first, scopes=["audit:read"])
        operator = await a_person(first)
        while (await first.get("/v1/keys")).status == 200:  # noqa: ASYNC110 - it is known within a second
            await asyncio.sleep(0.05)
        answers = [await first.get("/v1/keys"), await first.having(operator.body["key"]).get("/v1/keys")]
        async with served(stays, pool) as allowed:
            answers.append(await allowed.get("/v1/keys"))

    assert [each.status for each in (viewer, little, operator)] == [201, 201, 201]
    assert [answer.status for answer in answers] == [401, 200, 200]


async def test_a_key_is_rotated_under_load_without_one_refusal(operator: Caller) -> None:
    source = await operator.a_source()
    path, holder, answers = f"/v1/sources/{source.slug}/keys", [source], []

    async def asking() -> None:
        for _ in range(40):
            answer = await holder[0].get("/v1/services?limit=1")
            answers.append(answer.status)

    async def rotating() -> None:
        second = (await operator.post(path, {})).body["key"]
        holder[0] = operator.having(second)
        under_way = len(answers) + 8
        while len(answers) < min(under_way, 160):  # noqa: ASYNC110 - whoever still uses the first key has an answer
            await asyncio.sleep(0)
        await operator.call("DELETE", f"{path}/{str(source.key)[10:22]}")

    await asyncio.gather(rotating(), *(asking() for _ in range(4)))

    assert answers == [200] * 160


async def test_no_notice_is_accepted_after_the_revocation_was_answered(operator: Caller) -> None:
    source = await operator.a_source()
    posting = asyncio.gather(*(source.hand_in() for _ in range(20)))

    await operator.call("DELETE", f"/v1/sources/{source.slug}/keys/{str(source.key)[10:22]}")
    after = [await source.hand_in() for _ in range(5)]

    assert {answer.status for answer in await posting} <= {202, 401}
    assert [answer.status for answer in after] == [401] * 5


ELSEWHERE = [
    ("/v1/notices?key={}", {}, 400),
    ("/v1/notices?limit={}", {}, 400),
    ("/v1/notices", {"Cookie": "key={}"}, 401),
    ("/v1/notices", {"X-Api-Key": "{}"}, 401),
    ("/v1/notices", {"Proxy-Authorization": "Bearer {}"}, 401),
    ("/v1/notices/{}", {}, 404),
]


@pytest.mark.parametrize(("path", "headers", "status"), ELSEWHERE)
async def test_a_key_anywhere_else_is_no_key(
    operator: Caller, source: Caller, path: str, headers: dict[str, str], status: int
) -> None:
    sent = {name: value.format(source.key) for name, value in headers.items()}

    answer = await operator.having(None if status != 404 else source.key).call(
        "GET", path.format(source.key), headers=sent
    )

    assert answer.status == status
    assert str(source.key).rsplit("_", 1)[-1] not in answer.text


async def test_a_key_in_the_body_is_no_key(operator: Caller, source: Caller) -> None:
    answer = await operator.having(None).hand_in(key=source.key)

    assert answer.status == 401

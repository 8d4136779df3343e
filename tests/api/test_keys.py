# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Keys: shown once, replaced without a gap, refused the moment they end."""

import asyncio
import re
from functools import partial

from app.database import Pool
from app.settings import Settings
from tests.api.calling import Caller, fresh, patiently, served


async def test_a_source_gets_its_key_once_and_it_works(operator: Caller) -> None:
    slug = fresh("fonte")
    made = await operator.post("/v1/sources", {"slug": slug, "name": "Mensa", "services": ["mensa"]})

    accepted = await operator.having(made.body["key"]).hand_in()

    assert made.status == 201
    assert made.headers["Location"].endswith(f"/v1/sources/{slug}")
    assert re.fullmatch(r"camp_live_[A-Za-z0-9]{12}_[A-Za-z0-9]{38}", made.body["key"])
    assert accepted.status == 202


async def test_no_list_and_no_look_shows_a_secret(operator: Caller) -> None:
    source = await operator.a_source()
    number = (await operator.get(f"/v1/sources/{source.slug}/keys")).body["items"][0]["id"]
    secret = str(source.key).rsplit("_", 1)[-1]

    paths = ["", "/keys", f"/keys/{number}"]
    shown = [await operator.get(f"/v1/sources/{source.slug}{path}") for path in paths]

    assert [answer.status for answer in shown] == [200, 200, 200]
    assert not any(secret in answer.text or "digest" in answer.text for answer in shown)


async def test_only_a_digest_of_a_key_is_kept(operator: Caller) -> None:
    source = await operator.a_source()
    secret = str(source.key).rsplit("_", 1)[-1]

    rows = await operator.pool.fetch("select key::text from key where source = $1", source.slug)

    assert len(rows) == 1
    assert secret not in str(rows)


async def test_two_keys_are_valid_at_once_and_a_third_is_refused(operator: Caller) -> None:
    source = await operator.a_source()
    path = f"/v1/sources/{source.slug}/keys"

    second = await operator.post(path, {"label": "dal 2027", "expires_in_days": 30})
    third = await operator.post(path, {})

    answers = [await operator.having(key).hand_in() for key in (source.key, second.body["key"])]
    assert [answer.status for answer in answers] == [202, 202]
    assert (second.status, second.body["label"], third.status, third.problem) == (
        201,
        "dal 2027",
        409,
        "state-conflict",
    )


async def test_ten_requests_for_a_second_key_at_once_give_one(operator: Caller) -> None:
    source = await operator.a_source()

    call = partial(operator.post, f"/v1/sources/{source.slug}/keys", {})
    answers = await asyncio.gather(*(patiently(call) for _ in range(10)))

    assert sorted(answer.status for answer in answers) == [201] + [409] * 9


async def test_a_revoked_key_is_refused_at_once_and_makes_room(operator: Caller) -> None:
    source = await operator.a_source()
    path = f"/v1/sources/{source.slug}/keys"
    second = (await operator.post(path, {})).body
    assert (await source.get("/v1/notices")).status == 200

    revoked = await operator.call("DELETE", f"{path}/{str(source.key)[10:22]}")

    states = {key["id"]: key["state"] for key in (await operator.get(path)).body["items"]}
    assert (revoked.status, (await source.get("/v1/notices")).status) == (204, 401)
    assert sorted(states.values()) == ["revoked", "valid"]
    assert (await operator.having(second["key"]).get("/v1/notices")).status == 200
    assert (await operator.post(path, {})).status == 201


async def test_another_process_refuses_a_revoked_key_within_a_second(
    operator: Caller, settings: Settings, pool: Pool
) -> None:
    source = await operator.a_source()
    async with served(settings, pool) as elsewhere:
        before = await elsewhere.having(source.key).get("/v1/notices")
        await operator.call("DELETE", f"/v1/sources/{source.slug}/keys/{str(source.key)[10:22]}")
        await asyncio.sleep(1)
        after = await elsewhere.having(source.key).get("/v1/notices")

    assert (before.status, after.status) == (200, 401)


async def test_an_expired_key_is_refused_and_makes_room(operator: Caller) -> None:
    source = await operator.a_source()
    await operator.pool.execute("update key set expires_at = now() where source = $1", source.slug)

    answer = await source.get("/v1/notices")

    more = [await operator.post(f"/v1/sources/{source.slug}/keys", {}) for _ in range(2)]
    assert answer.status == 401
    assert [answer.status for answer in more] == [201, 201]


async def test_a_key_lives_four_hundred_days_at_most(operator: Caller) -> None:
    source = await operator.a_source()

    answer = await operator.post(f"/v1/sources/{source.slug}/keys", {"expires_in_days": 401})

    days = await operator.pool.fetchval("select expires_at - created_at from key where source = $1", source.slug)
    assert (answer.status, answer.pointers) == (422, ["#/expires_in_days"])
    assert 399.9 < days.total_seconds() / 86_400 < 400.1


async def test_the_services_of_a_source_can_be_changed_at_once(operator: Caller) -> None:
    source = await operator.a_source(["mensa"])
    before = await source.hand_in(service="trasporto")

    changed = await operator.patch(f"/v1/sources/{source.slug}", {"services": ["trasporto"]})

    assert (changed.status, changed.body["services"], changed.body["name"]) == (200, ["trasporto"], "Una fonte")
    assert (before.status, (await source.hand_in(service="trasporto")).status) == (403, 202)
    assert (await source.hand_in(service="mensa")).status == 403


async def test_a_source_needs_services_that_exist_and_a_slug_of_its_own(operator: Caller) -> None:
    slug = fresh("fonte")
    new = {"slug": slug, "name": "Una fonte"}

    answers = [
        await operator.post("/v1/sources", body)
        for body in ({**new, "services": ["mensa", "niente"]}, new, new, {**new, "slug": "Ma No"}, {**new, "x": 1})
    ]

    assert [answer.status for answer in answers] == [422, 201, 409, 422, 422]
    assert answers[0].pointers == ["#/services/1"]


async def test_an_operator_key_is_listed_and_can_be_revoked(operator: Caller) -> None:
    issued = (await operator.post("/v1/keys", {"role": "operator", "label": "Ufficio", "expires_in_days": 7})).body
    other = operator.having(issued["key"])
    assert (await other.get(f"/v1/keys/{issued['id']}")).body["label"] == "Ufficio"

    revoked = await operator.call("DELETE", f"/v1/keys/{issued['id']}")

    listed = {key["id"]: key["state"] for key in await operator.every("/v1/keys")}
    assert (revoked.status, (await other.get("/v1/keys")).status) == (204, 401)
    assert listed[issued["id"]] == "revoked"


async def test_the_key_of_a_source_is_not_found_among_those_of_others(operator: Caller) -> None:
    one, two = await operator.a_source(), await operator.a_source()
    number = str(one.key)[10:22]

    paths = [f"/v1/keys/{number}", f"/v1/sources/{two.slug}/keys/{number}", "/v1/keys/x", "/v1/sources/nessuna/keys"]
    answers = [await operator.get(path) for path in paths]
    ended = [await operator.call("DELETE", path) for path in paths[:2]]

    assert {answer.status for answer in (*answers, *ended)} == {404}
    assert (await one.get("/v1/notices")).status == 200

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every example of the document does what it says, as it stands, with names of things that are there."""

import re
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.api.application import api, document_of
from app.domain.key import Role
from app.pushes import Question, ask
from tests.api.calling import Answer, Caller, fresh, served, some_settings
from tests.api.test_scopes import TABLE, filled

DOCUMENT: dict[str, Any] = document_of(api())
FIRST = ("name_service", "make_source", "make_callback", "hand_in_notice", "hand_in_batch", "make_channel")
"""Others are about these; no channel is there yet, as nobody works here and `Prefer: wait` would wait for it."""
NUMBERS = count(1)
EVENTS = "https://mensa.comune.example.it/avvisi"
CALL = """
insert into endpoint_call (id, endpoint_id, type, key, body, state) values ($1, $2, 'notice.dead', $1, '{}', 'failed')
"""
RESTING = {"decide_delivery": "held", "redrive_dead_letter": "dead"}
REST = "update delivery set state = $2, settled_at = now(), token = 3 where id = $1"
OWED = """
select d.id from delivery d join channel c on c.id = d.channel_id where d.notice_id = $1 and c.slug = 'scuola'
"""
DOCUMENTED: dict[str, str] = {
    each["name"]: each["example"]
    for each in DOCUMENT["paths"]["/notices"]["post"]["parameters"]
    if each["name"].startswith("Ce-") and "example" in each
}
"""The headers of binary mode that have an example."""
OF_EVERY_ANSWER = {
    *("date", "content-type", "content-length", "x-content-type-options", "referrer-policy", "link", "vary"),
}
"""What belongs to HTTP, or to all that is served here."""
SELDOM = {
    *("idempotent-replayed", "preference-applied", "ratelimit", "ratelimit-policy"),
    *("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
}
"""Sent where a request was repeated or had a preference; this installation has no quotas."""
SOMETIMES = {"hand_in_notice": {"location"}}
"""Of many notices in one request none has the address."""
Example = tuple[str, str, dict[str, Any], str, Any]
"""The method, the path, the operation, the media type and the body."""


def examples() -> Iterator[Example]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {"content": {"": {"examples": {"": {"value": None}}}}})["content"]
            for media_type, medium in content.items():
                for one in medium["examples"].values():
                    yield method.upper(), path, operation, media_type, one["value"]


class Town:
    """An installation in which everything can be named; the examples are tried by whoever may do such a thing."""

    def __init__(self, operator: Caller, source: Caller) -> None:
        self.operator, self.source = operator, source

    async def answered(self, example: Example) -> Answer:
        """Try an example."""
        method, path, operation, media_type, body = example
        name = operation["operationId"]
        names = await self.names(name, path)
        if isinstance(body, dict) and "deliveries" in body:
            body = {**body, "deliveries": [int(await self.delivery_id(name)) for _ in range(2)]}
        headers = {"Content-Type": media_type} if media_type else {}
        sent = body.encode() if isinstance(body, str) else body
        query = "&".join(f"{each}={value}" for each, value in shown(operation, "query").items())
        given = {each: value for each, value in shown(operation, "header").items() if is_meant(each, body)}
        return await self.caller(name).call(
            method, f"/v1{filled(path, names)}?{query}".rstrip("?"), sent, {**given, **headers}
        )

    def caller(self, name: str) -> Caller:
        return self.source if Role.SOURCE in TABLE.get(name, ((), ()))[0] else self.operator

    async def names(self, name: str, path: str) -> dict[str, str]:
        """Make what the path names."""
        found: dict[str, str] = {}
        for each in re.findall(r"\{(\w+)\}", path):
            found[each] = await getattr(self, each)(name, found)
        return found

    async def slug(self, name: str, _: dict[str, str]) -> str:
        if name.endswith("_service"):
            return fresh("servizio") if name == "name_service" else await self.operator.a_service()
        if "source" in name:
            return (await self.operator.a_source()).slug
        where = {"kind": "webhook", "address": f"https://comune.example.it/{next(NUMBERS)}", "language": "it"}
        return await self.operator.a_channel(await self.operator.a_service(), **where)

    async def notice_id(self, *_: object) -> str:
        """Hand in what waits for an approval of its Chinese and, being urgent and for all, for a second person."""
        texts = {"it": {"title": "Sciopero"}, "zh-Hans": {"title": "罢工"}}
        answer = await self.source.hand_in(service="mensa", priority="urgent", texts=texts)
        return str(answer.body["id"])

    async def callback_id(self, *_: object) -> str:
        url = f"https://mensa.comune.example.it/{next(NUMBERS)}"
        return str((await self.source.post("/v1/callbacks", {"url": url})).body["id"])

    async def call_id(self, _: str, found: dict[str, str]) -> str:
        number = f"msg_{uuid4().hex}"
        await self.operator.pool.execute(CALL, number, found["callback_id"])
        return number

    async def delivery_id(self, name: str, _: object = None) -> str:
        pool = self.operator.pool
        number: int = await pool.fetchval(OWED, await self.notice_id())
        if name in RESTING:
            await pool.execute(REST, number, RESTING[name])
        else:
            await ask(pool, Question(number, 1, "3 of this month's pushes are left"))
        return str(number)

    async def key_id(self, _: str, found: dict[str, str]) -> str:
        path = f"/v1/sources/{found['slug']}/keys" if found else "/v1/keys"
        whose = {} if found else {"role": "viewer"}
        return str((await self.operator.post(path, {**whose, "label": "una"})).body["id"])


def is_meant(header: str, body: Any) -> bool:
    """Leave the headers of binary mode to the notice whose event they are about."""
    is_event = isinstance(body, dict) and body.get("event_id") == DOCUMENTED["Ce-Id"]
    return is_event or header not in DOCUMENTED


def shown(operation: dict[str, Any], where: str) -> dict[str, str]:
    """Give the examples of the parameters; a key of idempotency is one's own each time."""
    rows = [each for each in operation.get("parameters", ()) if each["in"] == where and "example" in each]
    own = {"Idempotency-Key": f"-{next(NUMBERS)}"}
    return {each["name"]: f"{each['example']}{own.get(each['name'], '')}" for each in rows}


@pytest.fixture
async def town(database_url: str, redis_url: str) -> AsyncIterator[Town]:
    zones = {"alert_zones": "Bisenzio e Ombrone Pistoiese=bisenzio", "second_person": True}
    settings = some_settings(database_url, redis_url, **zones)
    async with (
        asyncpg.create_pool(database_url, min_size=0, max_size=5) as pool,
        served(settings, pool) as operator,
    ):
        await operator.call("PUT", "/v1/services/mensa", {"name": "Mensa", "approvals": ["zh-Hans"]})
        body = {"slug": "comune", "name": "Tutti i sistemi", "event_sources": [EVENTS]}
        key = (await operator.post("/v1/sources", body)).body["key"]
        yield Town(operator, operator.having(key, "comune"))


def in_order() -> list[Example]:
    """Give the examples, those first that make what the others are about."""
    places = dict(zip(FIRST, count(), strict=False))
    return sorted(examples(), key=lambda one: places.get(one[2]["operationId"], len(FIRST)))


@pytest.mark.timeout(300)
async def test_every_example_of_every_operation_does_what_it_says(town: Town) -> None:
    tried = in_order()

    answers = [(one[2]["operationId"], await town.answered(one)) for one in tried]

    assert [(name, answer.text) for name, answer in answers if not 200 <= answer.status < 300] == []
    assert {name for name, _ in answers} == TABLE.keys() | {"status", "report_leaked_key"}
    assert {wrong_headers(one[2], answer) for one, (_, answer) in zip(tried, answers, strict=True)} == {""}


def wrong_headers(operation: dict[str, Any], answer: Answer) -> str:
    """Say which headers an answer has that the document does not name, or lacks though it does."""
    described = {name.lower() for name in operation["responses"][str(answer.status)]["headers"]}
    sent = {name.lower() for name in answer.headers} - OF_EVERY_ANSWER
    wrong = (sent - described) | (described - sent - SOMETIMES.get(operation["operationId"], set()) - SELDOM)
    return f"{operation['operationId']} {answer.status}: {', '.join(sorted(wrong))}" if wrong else ""

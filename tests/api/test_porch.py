# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Under too much load notices are refused from their bytes, but none that may be urgent or is not all there."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest

from app.api.crowd import MOST_NAMED, NOBODY, Crowd, Rank
from app.api.porch import NOT_YET, Porch
from app.database import Pool
from app.domain.key import new_key
from app.main import create_app
from app.settings import Settings
from tests.api.calling import Caller, a_notice, listening, some_settings

ENOUGH = 1e300
"""A wait that takes minutes to be forgotten."""


def a_request(body: bytes, path: str = "/v1/notices", length: int | None = None, **headers: str) -> bytes:
    sent = {
        "Host": "x",
        "Content-Type": "application/json",
        "Content-Length": str(len(body) if length is None else length),
    }
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def written(**members: Any) -> bytes:
    return json.dumps(a_notice(**members)).encode()


def porch(refused: int = Rank.NORMAL) -> Porch:
    return Porch("https://campanella.example.it", Crowd(refused=refused), [(b"cache-control", b"no-store")])


@pytest.mark.parametrize("path", ["/v1/notices", "/v1/notices/batch"])
def test_an_ordinary_notice_is_refused_as_a_whole_answer(path: str) -> None:
    crowd = Crowd(refused=Rank.NORMAL)
    answer = Porch("https://campanella.example.it", crowd, []).answer(a_request(written(), path), 1)

    head, _, body = (answer or b"").partition(b"\r\n\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
    problem = json.loads(body)
    assert head.startswith(b"HTTP/1.1 503 ")
    assert int(headers["content-length"]) == len(body)
    assert headers["content-type"] == "application/problem+json"
    assert 5 <= int(headers["retry-after"]) <= 30
    assert problem["instance"] == "urn:uuid:" + headers["x-correlation-id"]
    assert (problem["status"], problem["violated-policies"]) == (503, ["load"])
    assert crowd.turned_away == {"without a key": 1}


def test_whoever_is_refused_is_counted_by_the_id_of_the_key_they_send() -> None:
    crowd, keys = Crowd(refused=Rank.NORMAL), [new_key() for _ in range(2)]
    door = Porch("https://campanella.example.it", crowd, [])
    assert door.answer(a_request(written(), authorization=f"Bearer {keys[0].text}"), 1)
    assert door.answer(a_request(written(), AUTHORIZATION=f"bearer  {keys[0].text}"), 1)
    assert door.answer(a_request(written(), Authorization=f"Bearer {keys[1].text}"), 1)
    door.answer(a_request(written(), Authorization="Bearer segreto"), 1)
    door.answer(a_request(written(), X_Authorization=f"Bearer {keys[1].text}"), 1)

    assert crowd.turned_away == {keys[0].id: 2, keys[1].id: 1, "without a key": 2}


def test_no_more_callers_are_named_than_a_line_can_hold() -> None:
    crowd = Crowd(refused=Rank.NORMAL)
    door = Porch("https://campanella.example.it", crowd, [])
    for _ in range(MOST_NAMED + 50):
        door.answer(a_request(written(), Authorization=f"Bearer {new_key().text}"), 1)

    assert crowd.turned_away.total() == MOST_NAMED + 50
    assert len(crowd.turned_away) == MOST_NAMED + 1
    assert crowd.turned_away["others"] == 50


def test_the_refusal_speaks_the_language_of_the_caller() -> None:
    answer = porch().answer(a_request(written(), Accept_Language="it"), 1)

    assert b"content-language: it" in (answer or b"")


PASSING = {
    "urgent": a_request(written(priority="urgent")),
    "urgent in escapes": a_request(written().replace(b"{", b'{"priority": "\\u0075rgent", ', 1)),
    "an urgent one in a list": a_request(b"[" + written() + b"," + written(priority="urgent") + b"]"),
    "an event whose data are hidden": a_request(b'{"data_base64": "e30="}'),
    "another method": a_request(written()).replace(b"POST", b"PUT", 1),
    "another address": a_request(written(), "/v1/notices/preview"),
    "another address that begins the same": a_request(written(), "/v1/notices/batches"),
    "a query": a_request(written(), "/v1/notices?dry=1"),
    "another version of HTTP": a_request(written()).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    "another medium": a_request(written(), Content_Type="application/cloudevents+json"),
    "another encoding of letters": a_request(written(), Content_Type="application/json; charset=latin-1"),
    "chunks": a_request(written(), Transfer_Encoding="chunked"),
    "a wish to be asked first": a_request(written(), Expect="100-continue"),
    "a connection that ends": a_request(written(), Connection="close"),
    "two lengths": a_request(written(), content_length="2"),
    "a length that is none": a_request(written(), Content_Length="+5"),
    "a bare line feed": a_request(written(), X="a\nTransfer-Encoding: chunked"),
    "two requests": a_request(written()) + a_request(written()),
    "half a head": a_request(written())[:40],
    "a body that comes in many parts": a_request(b" " * 100_000),
}


@pytest.mark.parametrize("data", PASSING.values(), ids=PASSING)
def test_what_may_be_urgent_or_read_otherwise_goes_the_usual_way(data: bytes) -> None:
    assert porch().answer(data, 1) is None


def test_letters_beyond_ascii_are_no_sign_of_urgency() -> None:
    body = json.dumps(a_notice(texts={"it": {"title": "Mensa: venerdì pasto freddo, è urgente"}})).encode()

    assert b"\\u00ec" in body
    assert porch().answer(a_request(body), 1)


def test_a_request_is_waited_for_until_it_is_whole() -> None:
    whole = a_request(written())

    assert porch().answer(whole[:-1], 1) == NOT_YET
    assert porch().answer(whole, 1)


def test_bulk_is_refused_before_what_is_normal() -> None:
    narrow = porch(Rank.BULK)

    assert narrow.answer(a_request(written(priority="bulk")), 1)
    assert narrow.answer(a_request(written(priority="normal")), 1) is None
    assert narrow.answer(a_request(written(texts={"it": {"title": '"priority": "bulk"'}})), 1) is None


@pytest.mark.parametrize("priority", ["urgent", "normal"])
def test_bulk_takes_nothing_along_that_matters_more(priority: str) -> None:
    mixed = b"[" + written(priority="bulk") + b"," + written(priority=priority) + b"]"

    assert porch(Rank.BULK).answer(a_request(mixed, "/v1/notices/batch"), 1) is None


@pytest.mark.parametrize("refused", [NOBODY, Rank.LIST])
def test_nobody_is_refused_without_need(refused: int) -> None:
    assert porch(refused).answer(a_request(written(priority="bulk")), 1) is None


def test_whoever_only_waits_for_something_to_happen_takes_no_room() -> None:
    crowd = Crowd(room={Rank.BULK: 10.0, Rank.NORMAL: 20.0})

    assert [crowd.refused_among(inside) for inside in (9, 10, 19, 20)] == [NOBODY, Rank.BULK, Rank.BULK, Rank.NORMAL]
    crowd.refused = Rank.NORMAL
    assert crowd.refused_among(0) == crowd.refused_among(12) == Rank.NORMAL
    crowd.refused = NOBODY
    with crowd.stand_aside():
        assert crowd.refused_among(20) == Rank.BULK
    assert crowd.refused_among(20) == Rank.NORMAL


class Overloaded:
    """An API that believes to be under too much load for as long as a test wants."""

    def __init__(self, application: Any, address: str) -> None:
        self._application, self.address = application, address

    def believes(self, wait: float) -> None:
        self._application._house.state.house.gate._wait = wait

    async def told(self, *requests: Sequence[bytes]) -> tuple[list[int], bytes]:
        """Write each request in its parts and read its answer before the next; give what all were answered.

        One that comes while another is still answered is not looked at early, whatever it is.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", int(self.address.rpartition(":")[2]))
        said = b""
        async with asyncio.timeout(60):
            for *parts, last in requests:
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.05)
                writer.write(last)
                said += await an_answer(reader)
            writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            said += await reader.read()
        writer.close()
        return [int(each.split(b" ", 1)[0]) for each in said.split(b"HTTP/1.1 ")[1:]], said


async def an_answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    (length,) = re.findall(rb"\r\ncontent-length: (\d+)\r\n", head.lower())
    return head + await reader.readexactly(int(length))


@pytest.fixture
async def overloaded(settings: Settings) -> AsyncIterator[Overloaded]:
    application = create_app(some_settings(str(settings.database_url), str(settings.redis_url), shed_after=0.25))
    async with listening(application) as address:
        yield Overloaded(application, address)


async def test_a_refused_caller_may_go_on_with_the_same_connection(overloaded: Overloaded) -> None:
    request = a_request(written())
    overloaded.believes(ENOUGH)

    statuses, said = await overloaded.told([request], [request[:60], request[60:]], [request[:-5], request[-5:]])

    assert statuses[0] == statuses[2] == 503
    assert statuses[-1] == 200
    assert set(statuses[:-1]) <= {503, 401}, "what came in two parts of its head goes the usual way, without a key"
    assert b"temporary-reduced-capacity" in said


async def test_a_body_that_looks_like_a_request_is_none(overloaded: Overloaded) -> None:
    hidden = a_request(written())
    overloaded.believes(ENOUGH)
    refused_early = a_request(b"", "/v1/notices", length=len(hidden), Content_Type="text/plain")

    statuses, _ = await overloaded.told([refused_early, hidden])

    assert len(statuses) == 2, "one answer for the request and one for the last; none for what was its body"


async def test_the_answers_end_with_the_load(overloaded: Overloaded, pool: Pool) -> None:
    async with aiohttp.ClientSession(overloaded.address) as session:
        source = await Caller(session, pool).a_source()
        overloaded.believes(ENOUGH)
        refused = await source.hand_in()
        urgent = await source.hand_in(priority="urgent")
        overloaded.believes(0)
        accepted = await source.hand_in()

    assert (refused.status, refused.problem) == (503, "temporary-reduced-capacity")
    assert urgent.status == 202
    assert accepted.status == 202
    assert await pool.fetchval("select count(*) from notice where source = $1", source.slug) == 2

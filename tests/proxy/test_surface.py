# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the proxy adds, hides and says by itself."""

import asyncio
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from app.api.application import api as described
from app.api.application import document_of
from tests.proxy.conftest import a_key
from tests.proxy.paper import NAME, Paper
from tests.proxy.running import NGINX, Api, Proxy, fresh, nginx, status_of

pytestmark = pytest.mark.skipif(NGINX is None, reason="Debian's nginx is not installed")
HSTS = "Strict-Transport-Security"
ONE = f"GET {{}} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n"


def parts(answer: bytes) -> tuple[int, Mapping[str, str], Any]:
    """Give status, headers and what is said in an answer that was read as bytes."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")[1:]
    return status_of(answer), dict(line.split(": ", 1) for line in lines), json.loads(body)


@cache
def components() -> Any:
    return document_of(described())["components"]


def is_a_problem(status: int, headers: Mapping[str, str], body: Any) -> bool:
    """Tell whether an answer is a problem document, as whole as one of the API, but for the id of the request."""
    whole = {"instance": f"urn:uuid:{headers['X-Correlation-ID']}"} | body
    OAS31Validator({"$ref": "#/components/schemas/Problem", "components": components()}).validate(whole)
    names = ("Cache-Control", "Content-Language", "X-Content-Type-Options", "X-Correlation-ID", HSTS)
    form = headers["Content-Type"] == "application/problem+json"
    return form and body["status"] == status and all(name in headers for name in names)


async def test_every_answer_asks_for_tls_from_now_on_once(proxy: Proxy) -> None:
    answers = [await proxy.get(path) for path in ("/livez", "/v1/notices", "/metrics", "/docs")]

    said = [headers.getall(HSTS) for _, headers, _ in answers]  # type: ignore[attr-defined]  # it has several of a name
    assert said == [["max-age=31536000"]] * 4
    assert not any("Server" in headers and "/" in headers["Server"] for _, headers, _ in answers)


async def test_metrics_are_hidden_behind_the_proxy_and_shown_on_the_machine(proxy: Proxy) -> None:
    hidden = await proxy.get("/metrics")
    spelled = [await proxy.say(ONE.format(path).encode()) for path in ("/%6detrics", "//metrics", "/livez/../metrics")]
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.api.port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    shown = await reader.read()
    writer.close()

    assert (hidden[0], is_a_problem(*hidden), status_of(shown)) == (404, True, 200)
    assert {status_of(answer) for answer in spelled} == {404}


ERRORS = {
    400: f"GET /v1/services HTTP/1.1\r\nHost: {NAME}\r\nNo header\r\n\r\n".encode(),
    405: f"TRACE /v1/services HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode(),
    413: f"POST /v1/notices HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\nContent-Length: 9437185\r\n\r\n".encode(),
    414: b"GET /v1/services?" + b"x" * 17_000 + b" HTTP/1.1\r\n\r\n",
    431: f"GET /v1/services HTTP/1.1\r\nHost: {NAME}\r\nX: ".encode() + b"x" * 17_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("status", ERRORS)
async def test_what_the_proxy_refuses_by_itself_is_a_problem_document(proxy: Proxy, status: int) -> None:
    answer = parts(await proxy.say(ERRORS[status]))

    assert (answer[0], is_a_problem(*answer)) == (status, True)
    assert ("Allow" in answer[1]) == (status == 405)


async def test_a_coding_that_nobody_knows_is_refused_as_a_problem_too(proxy: Proxy) -> None:
    text = f"POST /v1/notices HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\nTransfer-Encoding: zip\r\n\r\n"

    answer = parts(await proxy.say(text.encode()))

    assert (answer[0], is_a_problem(*answer)) == (400, True)


async def test_while_the_api_is_away_the_proxy_says_when_to_come_back(own: Paper, tmp_path: Path) -> None:
    nobody = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = nobody.sockets[0].getsockname()[1]
    async with nobody, nginx(Api(port, tmp_path / "none.log"), own, tmp_path) as alone:
        answer = await alone.get("/v1/services")

    assert (answer[0], is_a_problem(*answer), answer[1]["Retry-After"]) == (502, True, "15")
    assert "Non si sa se la richiesta sia stata eseguita" in answer[2]["detail"]  # it may have been, before it broke


async def test_who_asks_is_whoever_the_proxy_sees_whatever_a_caller_says(proxy: Proxy) -> None:
    word = fresh()
    said = {"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6"}

    await proxy.get(f"/v1/services/{word}", said)
    await proxy.heard(word)

    assert [line["client"] for line in proxy.api.heard(word)] == ["127.0.0.1"]


async def test_a_header_with_an_underscore_reaches_the_api_which_says_that_it_is_no_attribute(proxy: Proxy) -> None:
    event = {"ce-specversion": "1.0", "ce-id": fresh(), "ce-source": "/mensa", "ce-type": "t", "ce-my_ext": "x"}
    whose = {"Authorization": f"Bearer {await a_key(proxy)}", "Content-Type": "application/json"}

    status, _, body = await proxy.call("POST", "/v1/notices", {**whose, **event})

    assert (status, body["errors"][0]["parameter"]) == (400, "ce-my_ext")

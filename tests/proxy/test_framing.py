# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What two readers would read differently never becomes two requests at the API, whatever the proxy makes of it."""

import pytest

from tests.proxy.paper import NAME
from tests.proxy.running import NGINX, Proxy, fresh, status_of

pytestmark = pytest.mark.skipif(NGINX is None, reason="Debian's nginx is not installed")
CLOSED = 0
POST = "POST /v1/services/{first} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n"
GET = "GET /v1/services/{first} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n"
HIDDEN = "GET /v1/services/{second} HTTP/1.1\r\nHost: {name}\r\n\r\n"
"""The request that an attacker would have somebody else's connection begin with."""
REFUSED = {
    "a length and chunks": POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks and a length": POST + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two lengths": POST + "Content-Length: 0\r\nContent-Length: 90\r\n\r\n" + HIDDEN,
    "two equal lengths": POST + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a list of lengths": POST + "Content-Length: 0, 0\r\n\r\n" + HIDDEN,
    "a signed length": POST + "Content-Length: +0\r\n\r\n" + HIDDEN,
    "a length that is none": POST + "Content-Length: 0x0\r\n\r\n" + HIDDEN,
    "an empty length": POST + "Content-Length:\r\n\r\n" + HIDDEN,
    "a length of many digits": POST + "Content-Length: 18446744073709551616\r\n\r\n" + HIDDEN,
    "a blank before a colon": POST + "Content-Length : 0\r\n\r\n" + HIDDEN,
    "a folded length": POST + "Content-Length:\r\n 0\r\n\r\n" + HIDDEN,
    "a folded header": GET + "X-Folded: a\r\n b\r\n\r\n" + HIDDEN,
    "a folded header with a tab": GET + "X-Folded: a\r\n\tTransfer-Encoding: chunked\r\n\r\n" + HIDDEN,
    "a folded first header": "GET /v1/services/{first} HTTP/1.1\r\n X: a\r\nHost: {name}\r\n\r\n" + HIDDEN,
    "chunks by another name": POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks and something": POST + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks twice": POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks of an old version": (
        "POST /v1/services/{first} HTTP/1.0\r\nHost: {name}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN
    ),
    "a control character before chunks": POST + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a bare carriage return": POST + "X-Bare: a\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + HIDDEN,
    "a chunk of a signed size": POST + "Transfer-Encoding: chunked\r\n\r\n+5\r\n12345\r\n0\r\n\r\n" + HIDDEN,
    "a chunk of a spelled size": POST + "Transfer-Encoding: chunked\r\n\r\n0x5\r\n12345\r\n0\r\n\r\n" + HIDDEN,
    "a chunk of too many digits": POST + "Transfer-Encoding: chunked\r\n\r\n" + "f" * 17 + "\r\n12345\r\n" + HIDDEN,
    "a chunk without a size": POST + "Transfer-Encoding: chunked\r\n\r\n\r\n12345\r\n0\r\n\r\n" + HIDDEN,
    "a chunk longer than it says": POST + "Transfer-Encoding: chunked\r\n\r\n1\r\n12345\r\n0\r\n\r\n" + HIDDEN,
    "two hosts": GET + "Host: {name}\r\n\r\n" + HIDDEN,
    "a control character": GET + "X-Null: a\x00b\r\n\r\n" + HIDDEN,
    "no request": "hello\r\n\r\n" + HIDDEN,
    "a version that is none": "GET /v1/services/{first} HTTP/7.1\r\nHost: {name}\r\n\r\n" + HIDDEN,
}
CLEANED = {
    "a bare line feed after the version": GET.replace("\r", "", 1) + "\r\n",
    "a bare line feed after a header": GET + "X-Bare: a\nX-Other: b\r\n\r\n",
    "bare line feeds at the end": GET + "X-Bare: a\n\n",
    "a bare line feed in a chunk's extension": (
        POST + "Transfer-Encoding: chunked\r\n\r\n1;\n1\r\n0\r\n\r\nGET /v1/services/{second} HTTP/1.1\r\n\r\n"
    ),
    "a request in a chunk's extension": (
        POST + "Transfer-Encoding: chunked\r\n\r\n1;GET /v1/services/{second} HTTP/1.1\r\n1\r\n0\r\n\r\n"
    ),
    "a request in a trailer": (
        POST + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\r\nGET /v1/services/{second} HTTP/1.1\r\n\r\n"
    ),
    "a body with a get": GET + "Content-Length: 150\r\n\r\n" + HIDDEN.ljust(160, "x"),
    "an underscore for a dash": POST + "Content_Length: 0\r\nTransfer_Encoding: chunked\r\n\r\n",
    "a request to change the protocol": GET + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n",
}
"""What nginx itself takes: the API is to get one request of it, with a frame that the proxy made anew."""


def written(form: str, first: str, second: str) -> bytes:
    return form.format(first=first, second=second, name=NAME).encode("latin-1")


@pytest.mark.parametrize("form", REFUSED.values(), ids=REFUSED)
async def test_a_request_with_two_ends_is_refused_or_closed_and_the_api_hears_nothing(proxy: Proxy, form: str) -> None:
    first, second = fresh(), fresh()

    answer = await proxy.say(written(form, first, second))

    assert status_of(answer) in {CLOSED, 400}
    assert not answer or b"application/problem+json" in answer
    assert await proxy.heard(first, second) == [0, 0]


@pytest.mark.parametrize("form", CLEANED.values(), ids=CLEANED)
async def test_what_the_proxy_takes_all_the_same_is_one_request_at_the_api(proxy: Proxy, form: str) -> None:
    first, second = fresh(), fresh()

    answer = await proxy.say(written(form, first, second))

    assert status_of(answer) in {CLOSED, 400, 401, 405}
    once, never = await proxy.heard(first, second)
    assert (once <= 1, never) == (True, 0)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Mutual TLS ends at the proxy, which tells the API the certificate; what a caller says of one is nothing."""

import asyncio
import base64
import json
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.proxy.conftest import ADMIN, a_key
from tests.proxy.paper import NAME, Paper, paper
from tests.proxy.running import NGINX, Proxy
from tests.story.copying import SHELL, code, typed

pytestmark = pytest.mark.skipif(NGINX is None, reason="Debian's nginx is not installed")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """The certificate of a municipal system."""
    return paper(tmp_path_factory.mktemp("shown"))


@pytest.fixture(scope="module")
async def bound(proxy: Proxy, shown: Paper) -> dict[str, str]:
    """Give the header with the key of a source that is bound to the certificate."""
    return {"Authorization": f"Bearer {await a_key(proxy, certificate=shown.thumbprint)}"}


def told(certificate: Paper) -> list[str]:
    """Say a certificate in each of the forms that the API takes from a proxy."""
    pem = certificate.certificate.read_text()
    return [f":{base64.b64encode(certificate.der).decode()}:", quote(pem, safe="")]


async def test_a_key_that_is_bound_to_a_certificate_is_good_with_that_one_alone(
    proxy: Proxy, shown: Paper, bound: dict[str, str], tmp_path: Path
) -> None:
    good, _, _ = await proxy.get("/v1/services", bound, shown, mutual=True)
    others = [await proxy.get("/v1/services", bound, each, mutual=True) for each in (paper(tmp_path), None)]
    elsewhere = await proxy.get("/v1/services", bound, shown)

    assert good == 200
    assert [(status, headers["WWW-Authenticate"]) for status, headers, _ in (*others, elsewhere)] == [
        (401, "Bearer")
    ] * 3


async def test_a_certificate_that_a_caller_names_is_stripped_on_both_ports(
    proxy: Proxy, shown: Paper, bound: dict[str, str], tmp_path: Path
) -> None:
    other = paper(tmp_path)
    answers = [
        await proxy.get("/v1/services", {**bound, name: form}, shows, mutual=mutual)
        for name in ("Client-Cert", "Client_Cert")
        for form in told(shown)
        for mutual, shows in ((False, None), (True, None), (True, other))
    ]

    assert {status for status, _, _ in answers} == {401}


async def test_over_http2_a_certificate_that_a_caller_names_is_stripped_too(
    proxy: Proxy, shown: Paper, bound: dict[str, str]
) -> None:
    at = ["--resolve", f"{NAME}:{proxy.mutual}:127.0.0.1", "--cacert", str(proxy.paper.certificate)]
    with_key = ["-H", f"Authorization: {bound['Authorization']}"]
    own = ["--cert", str(shown.certificate), "--key", str(shown.key)]
    form = ["--http2", "--noproxy", "*", "-s", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", *at, *with_key]
    address = f"https://{NAME}:{proxy.mutual}/v1/services"

    said = [
        await asyncio.to_thread(subprocess.check_output, ["curl", *form, *more, address])
        for more in (own, ["-H", f"Client-Cert: {told(shown)[0]}"])
    ]

    assert said == [b"2 200", b"2 401"]


async def test_a_certificate_that_has_ended_is_refused_by_the_proxy(proxy: Proxy, tmp_path: Path) -> None:
    status, headers, body = await proxy.get("/livez", shows=paper(tmp_path, ended=True), mutual=True)

    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert body["type"].endswith("/problems/invalid-header")
    assert "instance" not in body


async def test_whoever_shows_no_certificate_uses_what_is_bound_to_none(proxy: Proxy) -> None:
    status, _, _ = await proxy.get("/v1/services", {"Authorization": f"Bearer {ADMIN}"}, mutual=True)

    assert status == 200


async def test_whoever_follows_the_guide_calls_with_a_certificate_of_their_own(proxy: Proxy, tmp_path: Path) -> None:
    (tmp_path / ".curlrc").write_text(f'resolve = "{NAME}:{proxy.mutual}:127.0.0.1"\nnoproxy = "*"\n')
    ours = {"HOME": str(tmp_path), "CURL_CA_BUNDLE": str(proxy.paper.certificate), "CAMPANELLA": f"https://{NAME}"}
    thumb, call = code("developers", "en", "sh", "11").split("\n\n")
    made = await typed(tmp_path, ours, *SHELL, code("developers", "en", "sh", "9") + thumb)

    ours |= {"SOURCE_KEY": await a_key(proxy, certificate=made.split()[-1]), "MUTUAL": f"https://{NAME}:{proxy.mutual}"}
    said = await typed(tmp_path, ours, *SHELL, call)

    assert json.loads(said)["items"] == []

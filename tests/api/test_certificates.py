# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Keys that are bound to a certificate: how they are made, shown and refused, and whom we believe a certificate."""

import base64
import json
from collections.abc import AsyncIterator
from ipaddress import ip_network
from urllib.parse import quote

import pytest

from app.certificates import Certificates
from app.database import Pool
from app.domain.proof import digest_of
from app.settings import Settings
from tests.api.calling import Answer, Caller, served
from tests.api.test_proofs import CERTIFICATE
from tests.domain.test_proof import X5T

RFC_9440 = (
    ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0"
    "ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaU"
    "gmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAW"
    "gBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1w"
    "bGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBV"
    "oU4hBVZ1yhk=:"
)
"""The example of RFC 9440, appendix A."""
DER = base64.b64decode(RFC_9440[1:-1])


def pem(value: str) -> str:
    """Write a certificate as nginx does in $ssl_client_escaped_cert."""
    text = value[1:-1]
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    joined = "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
    return quote(joined, safe="")


def shown(*values: str, near: str | None = "10.0.0.2") -> str | None:
    headers = [(b"client-cert", value.encode("latin-1")) for value in values]
    client = (near, 1) if near else None
    return Certificates([ip_network("10.0.0.0/8")]).shown({"headers": headers, "client": client})


def test_a_certificate_is_known_by_its_thumbprint_however_a_proxy_writes_it() -> None:
    assert {shown(CERTIFICATE), shown(pem(CERTIFICATE))} == {X5T}
    assert {shown(RFC_9440), shown(pem(RFC_9440))} == {digest_of(DER)}


@pytest.mark.parametrize(
    "value",
    [
        "",
        ":",
        "::",
        "x",
        RFC_9440[1:-1],
        RFC_9440[:-1],
        RFC_9440 + ";a=b",
        RFC_9440 + ", " + RFC_9440,
        RFC_9440.replace("MIIB", "M!IB"),
        ":MIIB\xe9:",
        pem(RFC_9440) + pem(RFC_9440),
        pem(RFC_9440).replace("CERTIFICATE", "KEY"),
        "%ff" + pem(RFC_9440),
    ],
)
def test_what_is_no_certificate_has_no_thumbprint(value: str) -> None:
    assert shown(value) is None


@pytest.mark.parametrize("near", ["203.0.113.9", "::1", "nobody", None])
def test_nobody_but_a_proxy_of_ours_is_believed(near: str | None) -> None:
    assert shown(RFC_9440, near=near) is None
    assert Certificates().shown({"headers": [(b"client-cert", RFC_9440.encode())], "client": ("10.0.0.2", 1)}) is None


def test_two_certificates_are_none() -> None:
    assert shown(RFC_9440, RFC_9440) is None
    assert shown() is None


@pytest.fixture(scope="module")
async def behind(settings: Settings, pool: Pool) -> AsyncIterator[Caller]:
    """An API that believes a proxy on this machine."""
    async with served(settings.model_copy(update={"trusted_proxies": "127.0.0.1/32"}), pool) as caller:
        yield caller


async def a_bound_key(operator: Caller) -> tuple[Caller, str, Answer]:
    """Give a source, the path of its keys, and its second key, which is bound."""
    source = await operator.a_source()
    path = f"/v1/sources/{source.slug}/keys"
    return source, path, await operator.post(path, {"label": "con certificato", "certificate": X5T})


async def test_a_bound_key_is_good_with_its_certificate_alone_and_only_behind_a_proxy(
    behind: Caller, operator: Caller
) -> None:
    _, _, made = await a_bound_key(behind)
    key = made.body["key"]

    good = [await behind.having(key).get("/v1/services", Client_Cert=each) for each in (CERTIFICATE, pem(CERTIFICATE))]
    bad = [
        await behind.having(key).get("/v1/services"),
        await behind.having(key).get("/v1/services", Client_Cert=RFC_9440),
        await operator.having(key).get("/v1/services", Client_Cert=CERTIFICATE),
    ]
    unknown = await behind.having("camp_live_nobody").get("/v1/services")

    assert [answer.status for answer in good] == [200, 200]
    assert [answer.status for answer in bad] == [401] * 3
    assert [{**answer.body, "instance": ""} for answer in bad] == [{**unknown.body, "instance": ""}] * 3


async def test_a_use_without_the_certificate_is_no_use_of_the_key(behind: Caller) -> None:
    _, path, made = await a_bound_key(behind)

    await behind.having(made.body["key"]).get("/v1/services")

    assert (await behind.get(f"{path}/{made.body['id']}")).body["last_used_at"] is None


async def test_what_a_key_is_bound_to_is_shown_and_written_down(behind: Caller) -> None:
    source, path, made = await a_bound_key(behind)

    first, listed = await behind.get(f"{path}/{source.key and source.key[10:22]}"), await behind.get(path)
    acts = await behind.get(f"/v1/audit?target=key/{made.body['id']}")

    assert (made.status, made.body["certificate"], first.body["certificate"]) == (201, X5T, None)
    assert {row["id"]: row["certificate"] for row in listed.body["items"]}[made.body["id"]] == X5T
    changes = {each["member"]: each["after"] for each in acts.body["items"][0]["changes"]}
    assert json.loads(changes["certificate"]) == X5T


async def test_the_key_of_an_operator_may_be_bound_too(behind: Caller) -> None:
    wish = {"role": "operator", "label": "Sala operativa", "certificate": X5T}
    key = (await behind.post("/v1/keys", wish)).body["key"]

    assert (await behind.having(key).get("/v1/keys", Client_Cert=CERTIFICATE)).status == 200
    assert (await behind.having(key).get("/v1/keys")).status == 401


@pytest.mark.parametrize("value", ["", "x", X5T + "=", X5T[:-1] + "1", "A" * 42 + "/", 7, ["x"]])
async def test_what_is_no_thumbprint_is_refused_by_name(operator: Caller, value: object) -> None:
    source = await operator.a_source()

    answer = await operator.post(f"/v1/sources/{source.slug}/keys", {"certificate": value})

    assert (answer.status, answer.pointers) == (422, ["#/certificate"])

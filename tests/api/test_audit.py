# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every administrative act leaves an entry that says who, what and why; it can be read and not changed."""

import json
import re
from pathlib import Path

import pytest

from app.api.audit import AuditFilter
from app.audit import verify
from tests.api.calling import Caller, a_delivery, fresh
from tests.api.typing_in import Environment, Typed


async def entries(operator: Caller, target: str) -> list[tuple[str, dict[str, tuple[str | None, str | None]]]]:
    """Give the acts on a thing, oldest first, with what they changed."""
    items = (await operator.get(f"/v1/audit?target={target}")).body["items"]
    return [
        (item["act"], {one["member"]: (one["before"], one["after"]) for one in item["changes"]})
        for item in reversed(items)
    ]


async def test_sources_and_keys_are_written_down(operator: Caller) -> None:
    source = await operator.a_source(["mensa"])
    number = str(source.key)[10:22]
    await operator.patch(f"/v1/sources/{source.slug}", {"services": ["trasporto"]})
    for _ in range(2):
        await operator.call("DELETE", f"/v1/sources/{source.slug}/keys/{number}")

    of_source, of_key = await entries(operator, f"source/{source.slug}"), await entries(operator, f"key/{number}")

    assert of_source == [
        ("source.added", {"name": (None, '"Una fonte"'), "services": (None, '["mensa"]')}),
        ("source.changed", {"services": ('["mensa"]', '["trasporto"]')}),
    ]
    assert [act for act, _ in of_key] == ["key.created", "key.revoked"]


async def test_a_service_is_written_down_with_both_names(operator: Caller) -> None:
    slug = await operator.a_service()
    await operator.call("PUT", f"/v1/services/{slug}", {"name": "Un altro nome"})

    found = await entries(operator, f"service/{slug}")

    assert found == [
        ("service.changed", {"approvals": (None, "[]"), "name": (None, '"Un servizio"')}),
        ("service.changed", {"name": ('"Un servizio"', '"Un altro nome"')}),
    ]


async def test_the_life_of_a_channel_is_written_down(operator: Caller) -> None:
    slug = await operator.a_channel("mensa")
    path = f"/v1/channels/{slug}"
    for change in ({"paused": False}, {"language": "en"}, {"paused": True}, {"paused": False}, {"paused": False}):
        await operator.patch(path, change)
    await operator.post(f"{path}/check", {"ask": True})
    await operator.call("DELETE", path)

    found = await entries(operator, f"channel/{slug}")

    acts = ["added", "changed", "paused", "resumed", "checked", "retired"]
    assert [act for act, _ in found] == [f"channel.{act}" for act in acts]
    assert found[1][1] == {"language": ('"it"', '"en"')}
    assert found[4][1]["ask"] == (None, "true")


async def test_decisions_and_redrives_are_written_down(operator: Caller) -> None:
    _, _, delivery = await a_delivery(operator)
    await operator.pool.execute("update delivery set state = 'held' where id = $1", delivery)
    await operator.post(f"/v1/deliveries/{delivery}/decision", {"decision": "give_up", "question": 0})
    await operator.post(f"/v1/deliveries/{delivery}/decision", {"decision": "sent", "question": 0})
    await operator.post(f"/v1/dead-letters/{delivery}/redrive")

    found = await entries(operator, f"delivery/{delivery}")

    assert found[0] == ("delivery.decided", {"decision": (None, '"give_up"')})
    assert [act for act, _ in found] == ["delivery.decided", "delivery.redriven"]


async def test_what_an_operator_does_to_the_notice_of_a_source_is_written_down_and_what_the_source_does_is_not(
    operator: Caller,
) -> None:
    source, path, _ = await a_delivery(operator)
    title = {"texts": {"it": {"title": "Un altro titolo"}}}
    await source.patch(path, title, If_Match="*")
    await operator.patch(path, {"priority": "bulk"}, If_Match="*")
    await operator.post(f"{path}/withdrawal", If_Match="*")

    found = await entries(operator, f"notice/{path.rsplit('/', 1)[-1]}")

    assert found == [
        ("notice.amended", {"source": (None, f'"{source.slug}"'), "revision": (None, "3")}),
        ("notice.withdrawn", {"source": (None, f'"{source.slug}"'), "delete": (None, "false")}),
    ]


async def test_an_entry_says_who_from_where_and_why(operator: Caller) -> None:
    issued = (await operator.post("/v1/keys", {"role": "operator", "label": "Ufficio Mensa"})).body
    slug = fresh("servizio")

    await operator.having(issued["key"]).call(
        "PUT", f"/v1/services/{slug}", {"name": "Nuovo"}, {"Campanella-Reason": "cos%C3%AC vuole il dirigente"}
    )

    (entry,) = (await operator.get(f"/v1/audit?who={issued['id']}")).body["items"]
    assert (entry["who"], entry["label"], entry["address"]) == (issued["id"], "Ufficio Mensa", "127.0.0.1")
    assert entry["why"] == "così vuole il dirigente"


@pytest.mark.parametrize("reason", ["x" * 301, " ", "così"])
async def test_a_reason_that_is_too_long_or_no_ascii_is_refused(operator: Caller, reason: str) -> None:
    slug = fresh("servizio")

    answer = await operator.call("PUT", f"/v1/services/{slug}", {"name": "Nuovo"}, {"Campanella-Reason": reason})

    assert (answer.status, answer.pointers) == (400, ["Campanella-Reason"])
    assert await entries(operator, f"service/{slug}") == []


async def test_what_is_refused_leaves_no_entry(operator: Caller) -> None:
    source = await operator.a_source()
    before = (await operator.get("/v1/audit?limit=1")).body["items"][0]["number"]

    answers = [
        await operator.post("/v1/sources", {"slug": source.slug, "name": "Doppione"}),
        await operator.patch(f"/v1/sources/{source.slug}", {"services": ["niente"]}),
        await source.call("PUT", "/v1/services/mensa", {"name": "Mia"}),
        await operator.call("DELETE", "/v1/channels/nessuno"),
    ]

    after = (await operator.get("/v1/audit?limit=1")).body["items"][0]["number"]
    assert [answer.status for answer in answers] == [409, 422, 403, 404]
    assert after == before


async def test_no_entry_holds_a_key_or_an_address_of_a_channel(operator: Caller) -> None:
    source = await operator.a_source()
    await operator.a_channel("mensa", address="4711471147")

    rows = str(await operator.pool.fetch("select audit::text from audit"))

    assert str(source.key).rsplit("_", 1)[-1] not in rows
    assert "4711471147" not in rows


def test_every_act_that_is_named_anywhere_can_be_asked_for() -> None:
    """Names of log events are of the same form, and among them; what matters is that no act is missing."""
    files = [file.read_text(encoding="utf-8") for folder in ("app", "workers") for file in Path(folder).rglob("*.py")]
    acts = {act for text in files if "record(" in text for act in re.findall(r'"([a-z_-]+\.[a-z_-]+)"', text)}

    assert acts >= {"notice.glass-broken", "key.created", "channel.paused", "callback.checked", "secret.rotated"}
    assert {AuditFilter(act=act).act for act in acts} == acts


async def test_the_list_goes_back_in_pages_and_can_be_narrowed(operator: Caller) -> None:
    slug = await operator.a_service()
    for number in range(4):
        await operator.call("PUT", f"/v1/services/{slug}", {"name": f"Nome {number}"})

    first = (await operator.get(f"/v1/audit?target=service/{slug}&act=service.changed&limit=3")).body
    rest = await operator.get(first["next"].split("8080", 1)[1])
    moment = first["items"][-1]["at"]
    earlier = (await operator.get(f"/v1/audit?target=service/{slug}&until={moment}")).body["items"]
    later = (await operator.get(f"/v1/audit?target=service/{slug}&since={moment}")).body["items"]

    numbers = [item["number"] for item in (*first["items"], *rest.body["items"])]
    assert (len(numbers), numbers, rest.body["next"]) == (5, sorted(numbers, reverse=True), None)
    assert (len(earlier), len(later)) == (2, 3)


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
async def test_no_method_changes_the_log(operator: Caller, method: str) -> None:
    answer = await operator.call(method, "/v1/audit", {})

    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_source_may_not_read_the_log_and_a_viewer_may(operator: Caller, source: Caller) -> None:
    viewer = operator.having((await operator.post("/v1/keys", {"role": "viewer", "label": "Sala"})).body["key"])

    answers = [await source.get("/v1/audit"), await viewer.get("/v1/audit")]

    assert [answer.status for answer in answers] == [403, 200]


async def test_what_all_these_tests_did_is_one_whole_chain(operator: Caller) -> None:
    await operator.a_source()

    count, found = await verify(operator.pool)

    assert (count > 0, found) == (True, [])


async def test_commands_are_written_down_and_the_log_can_be_verified_against_an_anchor(
    typed: Typed, environment: Environment, tmp_path: Path
) -> None:
    await typed(environment, "source", "add", "mensa")
    anchored = await typed(environment, "audit", "anchor")
    await typed(environment, "operator", "add", "Ufficio")
    anchors = tmp_path / "anchors.jsonl"
    anchors.write_text(anchored.said, encoding="utf-8")

    verified = await typed(environment, "audit", "verify", str(anchors))
    alone = await typed(environment, "audit", "verify")
    anchors.write_text(anchored.said.replace('"number": 2', '"number": 7'), encoding="utf-8")
    cut_off = await typed(environment, "audit", "verify", str(anchors))
    anchors.write_text("none", encoding="utf-8")
    unreadable = await typed(environment, "audit", "verify", str(anchors))

    assert json.loads(anchored.said)["number"] == 2
    assert (verified.code, verified.said) == (0, "3 entries, each as it was written; compared with 1 anchors.\n")
    assert (alone.code, "no anchor" in alone.said) == (0, True)
    assert (cut_off.code, cut_off.complained) == (1, "The log ends at entry 3, but an anchor has seen entry 7.\n")
    assert (unreadable.code, unreadable.complained) == (2, "Line 1 of the anchors is none.\n")


@pytest.mark.parametrize("reason", ["a%00b", "%ff", "%C3", "a%0Ab", "%E2%80%AE", "%20"])
async def test_a_reason_that_hides_what_is_no_text_is_refused_and_nothing_is_done(
    operator: Caller, reason: str
) -> None:
    slug = fresh("fonte")

    answer = await operator.post("/v1/sources", {"slug": slug, "name": "Una fonte"}, Campanella_Reason=reason)

    assert (answer.status, answer.problem, answer.pointers) == (400, "invalid-header", ["Campanella-Reason"])
    assert (await operator.get(f"/v1/sources/{slug}")).status == 404

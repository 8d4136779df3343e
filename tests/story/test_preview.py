# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The preview shows what families will read, and nothing of it stays."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.domain.code import visible_code
from tests.story.conftest import Make, Town
from tests.story.test_samples import CHINESE, ITALIAN, ready

SAMPLES: list[dict[str, Any]] = json.loads(Path("deploy/samples/notices.json").read_text("utf-8"))["notices"]
CODE = re.compile("AV-[0-9A-Z]{5}")
TABLES = ("notice", "revision", "delivery", "attempt", "media", "rendering")
PICTURE, PAPER = "https://www.comune.example.it/mappa.PNG?v=2", "https://www.comune.example.it/ordinanza.pdf"


async def previewed(town: Town, key: str, notice: dict[str, Any]) -> dict[str, Any]:
    """Preview with the posts; on a busy machine the worker may not have answered in time, and then one asks again."""
    async with asyncio.timeout(60):
        while True:
            status, seen = await town.asks("POST", "/notices/preview", key, notice)
            assert status == 200, seen
            if seen["rendered"]:
                return seen


async def kept(town: Town) -> list[int]:
    return [await town.city.pool.fetchval(f"select count(*) from {table}") for table in TABLES]  # noqa: S608 - ours


async def test_each_channel_is_shown_exactly_what_it_will_post(town: Town) -> None:
    notice = SAMPLES[0]["notice"]
    key = await ready(town, "mensa", [notice["service"]])

    seen = await previewed(town, key, notice)
    before = await kept(town)
    _, accepted = await town.asks("POST", "/notices", key, notice)
    await town.city.settled()

    assert before == [0] * len(TABLES)
    assert (seen["acceptable"], seen["reached"], seen["rendered"], seen["reason"]) == (True, 2, True, None)
    assert [channel["waits"] for channel in seen["channels"]] == [[], []]
    code = visible_code(UUID(accepted["id"]))
    for channel, chat in zip(seen["channels"], (ITALIAN, CHINESE), strict=True):
        (post,) = town.city.posts(chat)
        (part,) = channel["parts"]
        assert CODE.sub(code, part["text"]) == post.text.text
        assert (part["length"], part["limit"], part["unit"]) == (
            len(part["text"].encode("utf-16-le")) // 2,
            4096,
            "utf-16",
        )


async def test_a_long_notice_is_shown_part_by_part(town: Town) -> None:
    notice = {**SAMPLES[0]["notice"], "texts": {"it": {"title": "Regolamento", "body": "Una frase lunga. " * 500}}}
    key = await ready(town, "mensa", [notice["service"]])

    seen = await previewed(town, key, notice)

    parts = seen["channels"][0]["parts"]
    assert len(parts) == 3
    assert all(part["length"] <= part["limit"] for part in parts)
    assert parts[0]["text"].rstrip("23456789ABCDEFGHJKMNPQRSTVWXYZ").endswith("1/3 · AV-")


async def test_attachments_are_shown_as_what_they_are_called_and_not_fetched(town: Town) -> None:
    notice = {
        **SAMPLES[0]["notice"],
        "attachments": [{"title": "Mappa", "href": PICTURE}, {"title": "Ordinanza", "href": PAPER}],
    }
    key = await ready(town, "mensa", [notice["service"]])

    seen = await previewed(town, key, notice)

    parts = seen["channels"][0]["parts"]
    assert [part["media"] for part in parts][:2] == [
        [{"sort": "photo", "href": PICTURE}],
        [{"sort": "document", "href": PAPER}],
    ]
    assert {part["limit"] for part in parts if part["media"]} == {1024}
    assert await town.city.pool.fetchval("select count(*) from media") == 0


async def test_the_page_of_a_kind_without_a_preview_of_its_own_is_its_payload(town: Town) -> None:
    notice = SAMPLES[0]["notice"]
    key = await ready(town, "mensa", [notice["service"]])
    await town.makes("/channels", {"slug": "bacheca", "kind": "noticeboard", "address": "scuola", "language": "it"})

    seen = await previewed(town, key, notice)

    (board,) = (channel for channel in seen["channels"] if channel["kind"] == "noticeboard")
    assert notice["texts"]["it"]["title"] in board["parts"][0]["text"]


async def test_what_it_costs_of_a_rationed_quota_is_shown_and_a_second_push_pointed_out(
    monkeypatch: pytest.MonkeyPatch, make_town: Make
) -> None:
    for name, value in {"APP_ID": "wx0123456789abcdef", "SECRET": "unused", "API_URL": "http://127.0.0.1:1"}.items():
        monkeypatch.setenv(f"CAMPANELLA_WECHAT_{name}", value)
    notice = SAMPLES[0]["notice"]
    async with make_town() as town:
        key = await ready(town, "mensa", [notice["service"]])
        await town.makes(f"/services/{notice['service']}", {"name": "Mensa", "approvals": ["zh-Hans"]}, "PUT")
        for slug, address, interim in (("wechat", "all", False), ("presto", "tag:7", True), ("tag", "tag:8", False)):
            place = {"address": address, "language": "it" if slug == "tag" else "zh-Hans", "interim": interim}
            await town.makes("/channels", {"slug": slug, "kind": "wechat", **place})

        seen = await previewed(town, key, notice)

    told = {each["slug"]: (each["awaits"], each["meanwhile"], each["pushes"]) for each in seen["channels"]}
    assert told["wechat"] == (["zh-Hans"], False, 1)
    assert told["presto"] == (["zh-Hans"], True, 2)
    assert told["tag"] == ([], False, 1)
    assert {cost for slug, (_, _, cost) in told.items() if slug not in ("wechat", "presto", "tag")} == {0}
    assert [each["pointer"] for each in seen["advice"] if each["rule"] == "second_push"] == ["#/texts/zh-Hans"]
    waits = {each["slug"]: [wait["reason"] for wait in each["waits"]] for each in seen["channels"]}
    assert (waits["wechat"], waits["presto"], waits["tag"]) == (["approval", "push_choice"], *[["push_choice"]] * 2)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Each sample notice, from the POST of the system that sends it to the post that a family reads."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.domain.code import visible_code
from tests.story.conftest import Town, until

SAMPLES: list[dict[str, Any]] = json.loads(Path("deploy/samples/notices.json").read_text("utf-8"))["notices"]
ITALIAN, CHINESE = -1001000000001, -1001000000002


async def ready(town: Town, source: str, services: list[str]) -> str:
    """Make the services, the source and two channels as an operator would; give the source's key."""
    for slug in services:
        await town.makes(f"/services/{slug}", {"name": slug.title()}, "PUT")
    made = await town.makes("/sources", {"slug": source, "name": f"Ufficio {source}", "services": []})
    for chat, language in ((ITALIAN, "it"), (CHINESE, "zh-Hans")):
        town.city.sandbox.add_chat(chat, "channel", f"Scuola {language}")
        channel = {"slug": f"scuola-{language.lower()}", "kind": "telegram", "address": str(chat), "language": language}
        await town.makes("/channels", channel)
    key: str = made["key"]
    return key


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample["notice"]["event_id"] for sample in SAMPLES])
async def test_a_sample_notice_is_accepted_delivered_and_read(town: Town, sample: dict[str, Any]) -> None:
    notice = sample["notice"]
    key = await ready(town, sample["source"], [notice["service"]])

    status, accepted = await town.asks("POST", "/notices", key, notice)
    await town.city.settled()

    assert (status, accepted["deliveries"]["due"]) == (202, 2)
    _, after = await town.asks("GET", f"/notices/{accepted['id']}", key)
    assert (after["status"], after["deliveries"]["delivered"]) == ("delivered", 2)
    code = visible_code(UUID(accepted["id"]))
    for chat, language in ((ITALIAN, "it"), (CHINESE, "zh-Hans")):
        (post,) = town.city.posts(chat)
        shown = notice["texts"].get(language, notice["texts"]["it"])
        assert shown["title"] in post.text.text
        assert all(step in post.text.text for step in shown["what_to_do"])
        assert post.text.text.endswith(code)
        assert is_bold(post.text.entities, post.text.text, shown["title"])


async def test_the_same_notice_fifty_times_at_once_is_one_post(town: Town) -> None:
    notice = SAMPLES[0]["notice"]
    key = await ready(town, "mensa", [notice["service"]])

    answers = await asyncio.gather(*(_in_the_end(town, key, notice) for _ in range(50)))
    await town.city.settled()

    assert {status for status, _ in answers} == {202}
    assert len({answer["id"] for _, answer in answers}) == 1
    assert (len(town.city.posts(ITALIAN)), len(town.city.posts(CHINESE))) == (1, 1)


async def _in_the_end(town: Town, key: str, notice: dict[str, Any]) -> tuple[int, Any]:
    """Hand in a notice as a source does: what is refused because the machine is busy is handed in again."""
    status, answer = await town.asks("POST", "/notices", key, notice)
    while status == 503:
        await asyncio.sleep(0.1)
        status, answer = await town.asks("POST", "/notices", key, notice)
    return status, answer


async def test_a_correction_and_a_withdrawal_over_http_reach_what_is_posted(town: Town) -> None:
    notice = SAMPLES[3]["notice"]
    key = await ready(town, "trasporto", [notice["service"]])
    _, accepted = await town.asks("POST", "/notices", key, notice)
    await town.city.settled()

    headers = {"Authorization": f"Bearer {key}", "If-Match": "*", "Content-Type": "application/merge-patch+json"}
    patch = {"texts": {"it": {"title": "Linea 4: la fermata è al civico 112"}}}
    path = f"/v1/notices/{accepted['id']}"
    async with town.client.patch(path, data=json.dumps(patch), headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    await until(lambda: _says(town, "civico 112"))
    async with town.client.post(
        f"{path}/withdrawal", headers={**headers, "Content-Type": "application/json"}
    ) as answer:
        assert answer.status in (200, 202), await answer.text()
    await until(lambda: _says(town, "AVVISO RITIRATO"))

    assert len(town.city.posts(ITALIAN)) == 1


async def _says(town: Town, words: str) -> bool:
    return words in town.city.texts(ITALIAN)[0]


def is_bold(entities: Any, text: str, title: str) -> bool:
    """Tell whether a bold stretch holds the title."""
    wide = text.encode("utf-16-le")
    spans = [(row["offset"] * 2, (row["offset"] + row["length"]) * 2) for row in entities if row["type"] == "bold"]
    return any(title in wide[start:end].decode("utf-16-le") for start, end in spans)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The guides, followed by somebody who copies every command as it stands."""

import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.api.docs import AUDIENCES, WORDS, guide
from app.vault import new_key
from tests.receiver import Receiver, a_receiver
from tests.story.conftest import ADMIN, Make, Town, until
from tests.story.copying import BLOCKS, PROSE, SECTIONS, SHELL, code, typed

KEYS = re.compile(r"camp_\w+$", re.MULTILINE)
CHANNEL, CHANGED, UNKNOWN = -1001000000077, 200, 401
NOTICES = 8
"""That the guide for developers hands in; one of them is an exercise."""


def environment_of(town: Town) -> dict[str, str]:
    return {"CAMPANELLA": str(town.client._base_url).rstrip("/"), "FIRST_KEY": ADMIN, "CHANNEL": str(CHANNEL)}


@pytest.mark.parametrize("language", WORDS)
async def test_an_operator_who_follows_the_guide_is_read_on_telegram_and_keeps_every_key(
    town: Town, tmp_path: Path, language: str
) -> None:
    town.city.sandbox.add_chat(CHANNEL, "channel", "Famiglie")

    said = await typed(tmp_path, environment_of(town), *SHELL, code("operators", language, "sh"))
    await town.city.settled("withdrawn", within=120)

    rows = await town.city.pool.fetch("select revision, withdrawn_at from notice")
    assert [(row["revision"], row["withdrawn_at"] is not None) for row in rows] == [(2, True)]
    shown = KEYS.findall(said)
    assert [(await town.asks("GET", "/sources/mensa", key))[0] for key in shown] == [200, 403]
    wrong = {**environment_of(town), "OPERATOR_KEY": shown[0], "CHANNEL": "@non_c_e"}
    assert '"detail"' in await typed(tmp_path, wrong, *SHELL, code("operators", language, "sh", "5"), fails=True)

    async def first_key_ends() -> bool:
        return (await town.asks("GET", "/sources/mensa"))[0] == UNKNOWN

    await until(first_key_ends, 120)
    assert '"detail"' in await typed(tmp_path, wrong, "bash", "-c", code("operators", language, "sh", "2"))


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    async with a_receiver(tmp_path) as receiver:
        yield receiver


@pytest.fixture
async def calling(make_town: Make, receiver: Receiver) -> AsyncIterator[Town]:
    """A town that calls the receiver."""
    async with make_town(secret_keys=SecretStr(new_key()), **receiver.settings) as town:
        yield town


@pytest.mark.parametrize("language", WORDS)
async def test_a_developer_who_follows_the_guide_hands_in_notices_and_is_called(
    calling: Town, receiver: Receiver, tmp_path: Path, language: str
) -> None:
    def typed_in(*sections: str) -> str:
        return "\n".join(code("developers", language, "sh", section) for section in sections)

    await calling.city.channel("scuola")
    source = await calling.makes("/sources", {"slug": "mensa", "name": "Ufficio mensa", "event_sources": ["/mensa"]})
    environment = {**environment_of(calling), "SOURCE_KEY": source["key"], "RECEIVER": receiver.url()}
    environment["AUDIENCE"] = calling.city.settings.audience

    made = await typed(tmp_path, environment, *SHELL, typed_in("5"))
    receiver.secrets.append(json.loads(made)["secret"])
    await typed(tmp_path, environment, *SHELL, typed_in("1", "2", "3", "6", "7", "8"))
    said = await typed(tmp_path, environment, sys.executable, "-c", code("developers", language, "python", "4"))
    await typed(tmp_path, environment, *SHELL, typed_in("9"))
    registered = {"signers": [(tmp_path / "sistema.pem").read_text()]}
    merge = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/merge-patch+json"}
    async with calling.client.patch("/v1/sources/mensa", json=registered, headers=merge) as answer:
        assert answer.status == CHANGED
    signed = await typed(tmp_path, environment, sys.executable, "-c", code("developers", language, "python", "9"))
    await calling.city.settled(within=120)

    stored = await calling.city.pool.fetch("select id, event_id, revision from notice order by created_at, id")
    number = {row["event_id"]: str(row["id"]) for row in stored}
    assert {row["event_id"]: row["revision"] for row in stored if row["revision"] > 1} == {"mensa/2026-11-24/1": 2}
    assert len(stored) == NOTICES
    assert (said.split()[0], signed.strip()) == (number["mensa/2026-12-01/2"], number["mensa/2026-12-09/1"])
    assert len(calling.city.posts()) == NOTICES - 1
    await until(lambda: told(receiver, "mensa/2026-12-09/1"), 120)
    names: dict[str, Any] = {}
    exec(code("receivers", language, "python"), names)  # noqa: S102 - it is our own documentation
    call = next(call for call in receiver.calls if call.event["data"]["event_id"] == "mensa/2026-12-09/1")
    moment = int(call.headers["webhook-timestamp"])
    assert names["is_ours"](receiver.secrets[0], call.headers, call.body, moment)


async def told(receiver: Receiver, event: str) -> bool:
    """Tell whether the source was called about this event."""
    return event in {each["data"]["event_id"] for each in receiver.taken.values()}


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_sections_of_a_guide_are_counted_one_by_one(audience: str, language: str) -> None:
    numbers = [int(number) for number in SECTIONS.findall(guide(audience, language))]

    assert numbers == list(range(1, len(numbers) + 1)) != []


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_guides_say_the_same_in_both_languages(audience: str) -> None:
    italian, english = (
        [PROSE.sub("", found["code"]) for found in BLOCKS.finditer(guide(audience, language))] for language in WORDS
    )

    assert italian == english

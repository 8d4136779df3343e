# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The guides, followed by somebody who copies every command as it stands."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from app.api.docs import AUDIENCES, WORDS, guide
from tests.story.conftest import ADMIN, Town, until

BLOCKS = re.compile(r"^```(?P<kind>sh|python)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
SECTIONS = re.compile(r"^## (\d+)\.", re.MULTILINE)
KEYS = re.compile(r"camp_\w+$", re.MULTILINE)
SHELL = ("bash", "-euo", "pipefail", "-c")
CHANNEL, UNKNOWN = -1001000000077, 401
PROSE = re.compile(r'#.*|""".*?"""|SystemExit\("[^"]*"\)')
"""What is said to people within the code, and therefore differs from language to language."""


def code(audience: str, language: str, kind: str, section: str = "") -> str:
    """Put all that a guide, or one section of it, says of one kind together, as somebody types it in this order."""
    parts = SECTIONS.split(guide(audience, language))[1:]
    told = [text for number, text in zip(parts[::2], parts[1::2], strict=True) if section in ("", number)]
    return "\n".join(found["code"] for text in told for found in BLOCKS.finditer(text) if found["kind"] == kind)


async def typed(directory: Path, environment: dict[str, str], *command: str, fails: bool = False) -> str:
    """Run a command; what it says, if it succeeds, or fails where that is expected."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=directory, env={"PATH": os.environ["PATH"], **environment}, stdout=-1, stderr=-1
    )
    said, complained = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode != 0) is fails, said.decode() + complained.decode()
    return said.decode()


def environment_of(town: Town) -> dict[str, str]:
    return {"CAMPANELLA": str(town.client._base_url).rstrip("/"), "FIRST_KEY": ADMIN, "CHANNEL": str(CHANNEL)}


@pytest.mark.parametrize("language", WORDS)
async def test_an_operator_who_follows_the_guide_is_read_on_telegram_and_keeps_every_key(
    town: Town, tmp_path: Path, language: str
) -> None:
    town.city.sandbox.add_chat(CHANNEL, "channel", "Famiglie")

    said = await typed(tmp_path, environment_of(town), *SHELL, code("operators", language, "sh"))
    await town.city.settled("withdrawn")

    rows = await town.city.pool.fetch("select revision, withdrawn_at from notice")
    assert [(row["revision"], row["withdrawn_at"] is not None) for row in rows] == [(2, True)]
    shown = KEYS.findall(said)
    assert [(await town.asks("GET", "/sources/mensa", key))[0] for key in shown] == [200, 403]
    wrong = {**environment_of(town), "OPERATOR_KEY": shown[0], "CHANNEL": "@non_c_e"}
    assert '"detail"' in await typed(tmp_path, wrong, *SHELL, code("operators", language, "sh", "5"), fails=True)

    async def first_key_ends() -> bool:
        return (await town.asks("GET", "/sources/mensa"))[0] == UNKNOWN

    await until(first_key_ends, 60)
    assert '"detail"' in await typed(tmp_path, wrong, "bash", "-c", code("operators", language, "sh", "2"))


@pytest.mark.parametrize("language", WORDS)
async def test_a_developer_who_follows_the_guide_hands_in_notices(town: Town, tmp_path: Path, language: str) -> None:
    await town.city.channel("scuola")
    source = await town.makes("/sources", {"slug": "mensa", "name": "Ufficio mensa"})
    environment = {**environment_of(town), "SOURCE_KEY": source["key"]}
    (tmp_path / "consegna.py").write_text(code("developers", language, "python"), encoding="utf-8")

    await typed(tmp_path, environment, *SHELL, code("developers", language, "sh"))
    said = await typed(tmp_path, environment, sys.executable, "consegna.py")
    await town.city.settled()

    stored = await town.city.pool.fetch("select id, event_id, revision from notice order by created_at")
    assert [(row["event_id"], row["revision"]) for row in stored] == [
        ("mensa/2026-11-24/1", 2),
        ("mensa/2026-12-01/2", 1),
    ]
    assert said.startswith(str(stored[1]["id"]))
    assert len(town.city.posts()) == 2


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

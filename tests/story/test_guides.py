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
from tests.story.conftest import ADMIN, Town

BLOCKS = re.compile(r"^```(?P<kind>sh|python)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
SECTIONS = re.compile(r"^## (\d+)\.", re.MULTILINE)
CHANNEL = -1001000000077
PROSE = re.compile(r'#.*|""".*?"""|SystemExit\("[^"]*"\)')
"""What is said to people within the code, and therefore differs from language to language."""


def code(audience: str, language: str, kind: str) -> str:
    """Put all that a guide says of one kind together, as somebody types it one after the other."""
    return "\n".join(found["code"] for found in BLOCKS.finditer(guide(audience, language)) if found["kind"] == kind)


async def typed(directory: Path, environment: dict[str, str], *command: str) -> str:
    """Run a command; what it says, if it succeeds."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=directory, env={"PATH": os.environ["PATH"], **environment}, stdout=-1, stderr=-1
    )
    said, complained = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, said.decode() + complained.decode()
    return said.decode()


def environment_of(town: Town) -> dict[str, str]:
    return {"CAMPANELLA": str(town.client._base_url).rstrip("/"), "FIRST_KEY": ADMIN, "CHANNEL": str(CHANNEL)}


async def test_an_operator_who_follows_the_guide_is_read_on_telegram(town: Town, tmp_path: Path) -> None:
    town.city.sandbox.add_chat(CHANNEL, "channel", "Famiglie")

    await typed(tmp_path, environment_of(town), "bash", "-euo", "pipefail", "-c", code("operators", "it", "sh"))
    await town.city.settled("withdrawn")

    rows = await town.city.pool.fetch("select revision, withdrawn_at from notice")
    assert [(row["revision"], row["withdrawn_at"] is not None) for row in rows] == [(2, True)]


@pytest.mark.parametrize("language", WORDS)
async def test_a_developer_who_follows_the_guide_hands_in_notices(town: Town, tmp_path: Path, language: str) -> None:
    await town.city.channel("scuola")
    source = await town.makes("/sources", {"slug": "mensa", "name": "Ufficio mensa"})
    environment = {**environment_of(town), "SOURCE_KEY": source["key"]}
    (tmp_path / "consegna.py").write_text(code("developers", language, "python"), encoding="utf-8")

    await typed(tmp_path, environment, "bash", "-euo", "pipefail", "-c", code("developers", language, "sh"))
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

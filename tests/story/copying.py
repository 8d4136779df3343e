# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What stands in the guides to be copied, and somebody who copies it."""

import asyncio
import os
import re
from pathlib import Path

from app.api.docs import guide

BLOCKS = re.compile(r"^```(?P<kind>sh|python)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
SECTIONS = re.compile(r"^## (\d+)\.", re.MULTILINE)
SHELL = ("bash", "-euo", "pipefail", "-c")
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
    said, complained = await asyncio.wait_for(process.communicate(), 180)
    assert (process.returncode != 0) is fails, said.decode() + complained.decode()
    return said.decode()

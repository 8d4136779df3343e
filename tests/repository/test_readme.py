# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The README says what the guidelines for public software ask for, and its table is that of the settings."""

import re
from pathlib import PurePosixPath

import pytest
from pydantic_core import PydanticUndefined

from app.settings import Settings
from app.wechat.settings import WeChatSettings
from tests.repository.files import ROOT, read, tracked

ROW = re.compile(
    r"^\| `CAMPANELLA_(?P<name>[A-Z_]+)` \| `?(?P<default>[^|`]+)`? \| (?P<meaning>[^|]+) \|$", re.MULTILINE
)
LINK = re.compile(r"\]\((?!https?://|/docs|#|mailto:)(?P<target>[^)#]+)")
DOCUMENTS = tracked("*.md")
FIELDS = Settings.model_fields | {f"wechat_{name}": field for name, field in WeChatSettings.model_fields.items()}


def table() -> dict[str, str]:
    return {row["name"].lower(): row["default"].strip() for row in ROW.finditer(read("README.md"))}


def test_every_setting_stands_in_the_table_and_no_other() -> None:
    assert set(table()) == set(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_the_table_gives_the_default_of_the_code(name: str) -> None:
    default = FIELDS[name].default
    words = {PydanticUndefined: "required", None: "none", "": "none"}
    text = str(default).lower() if isinstance(default, bool) else str(default).rstrip("/")
    expected = words.get(default, text)

    assert table()[name] == expected


@pytest.mark.parametrize(
    "words",
    [
        "La campanella di una città",  # a subtitle for those whom it serves
        "Copyright holder: Comune di Prato",
        "Maintainer:",
        "Reports of vulnerabilities do not go to the public tracker",
        "## Status and known gaps",
        "## Configuration",
        "./dev demo",
        "./dev test",
        "commercial dependency",
        "openapi.yaml",
    ],
)
def test_what_the_guidelines_ask_for_is_said(words: str) -> None:
    assert words in read("README.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: PurePosixPath) -> None:
    targets = {found["target"] for found in LINK.finditer(read(str(document.relative_to(ROOT))))}

    missing = [target for target in targets if not (ROOT / document.parent / target).exists()]

    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_use_plain_punctuation(document: PurePosixPath) -> None:
    assert not re.search("[\u2014\u2013]", read(str(document.relative_to(ROOT))))


def test_what_the_readme_lists_is_there() -> None:
    tree = read("README.md").split("## What is where\n\n```\n")[1].split("```")[0]

    missing = [path for path in listed(tree) if not (ROOT / path).exists()]

    assert missing == []


def listed(tree: str) -> list[str]:
    """Give the paths of a tree: two columns of name and words, an indented line belongs to the folder above it."""
    paths, folder = [], ""
    for line in tree.splitlines():
        names = re.split(r" {2,}", line.strip())[::2]
        if line.startswith(" "):
            names = [folder + name for name in names]
        else:
            folder = names[0]
        paths += names
    return paths

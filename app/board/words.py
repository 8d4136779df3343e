# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The board's own words: one file for each language that has them, all with the same members."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILES = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Words:
    """Sentences by name; `tag` is the language they are in."""

    tag: str
    said: Mapping[str, str]
    kinds: Mapping[str, str]

    def __getattr__(self, name: str) -> str:
        """Give a sentence. AttributeError for one that no file has, so that a typing error is no empty place."""
        try:
            return self.said[name]
        except KeyError:
            raise AttributeError(name) from None


def _read(file: Path) -> Words:
    members = tomllib.loads(file.read_text(encoding="utf-8"))
    kinds = members.pop("kinds")
    return Words(members["tag"], members, kinds)


ALL: dict[str, Words] = {words.tag: words for words in map(_read, sorted(FILES.glob("*.toml")))}


@lru_cache(maxsize=64)
def words_for(language: str) -> Words:
    """Give the words for a language tag; where there are none, the Italian ones."""
    primary = language.partition("-")[0]
    kindred = (words for tag, words in ALL.items() if tag.partition("-")[0] == primary)
    return ALL.get(language) or next(kindred, ALL["it"])

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Each element of CommonMark as Telegram can show it."""

from typing import Any

import pytest

from app.domain.markup import parse
from workers.telegram.body import body
from workers.telegram.canonical import settled
from workers.telegram.part import Entity, Part

LINK = "https://a.it/"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("**a** *b* ~~c~~ `d`", "a b c d", [("bold", 0, 1), ("italic", 2, 1), ("strikethrough", 4, 1), ("code", 6, 1)]),
        ("## Orari\n\n7.42", "Orari\n\n7.42", [("bold", 0, 5)]),
        ("### Orari *nuovi*", "Orari nuovi", [("bold", 0, 6), ("bold", 6, 5), ("italic", 6, 5)]),
        ("[uno **due**](https://a.it)", "uno due", [("text_link", 0, 7, LINK), ("bold", 4, 3)]),
        (
            "[a *b* `c`](https://a.it)[d](https://b.it)",
            "a b cd",
            [("text_link", 0, 5, LINK), ("italic", 2, 1), ("text_link", 5, 1, "https://b.it/")],
        ),
        ("[`uno`](https://a.it)", "uno", [("text_link", 0, 3, LINK)]),
        ("**a `b` c**", "a b c", [("bold", 0, 1), ("code", 2, 1), ("bold", 4, 1)]),
        ("- uno\n- due\n\n  ancora\n  qui", "• uno\n• due\n  ancora\n  qui", []),
        ("7. uno\n8. due", "7. uno\n8. due", []),
        ("0. uno\n1. due", "0. uno\n1. due", []),
        (
            "- a\n  - b\n    - c\n      - d\n        - e\n\n          f",
            "• a\n  • b\n    • c\n    • d\n    • e\n    f",
            [],
        ),
        ("> uno\n>\n> > due", "uno\n\ndue", [("blockquote", 0, 8)]),
        ("> - uno\n> - **due**", "• uno\n• due", [("blockquote", 0, 11), ("bold", 8, 3)]),
        ("- a\n\n  > b", "• a\n  b", [("blockquote", 6, 1)]),
        ("```\n  if a:\n\n      b\n```", "  if a:\n\n      b", [("pre", 0, 16)]),
        ("- a\n\n      c\n       d", "• a\nc\n d", [("pre", 4, 4)]),
        ("a\n\n***\n\nb", "a\n\n———\n\nb", []),
        ("uno\ndue\\\ntre", "uno\ndue\ntre", []),
        (r"\*non\* \`codice\` &amp;amp;", "*non* `codice` &amp;", []),
    ],
)
def test_an_element_has_its_look(source: str, text: str, entities: list[tuple[Any, ...]]) -> None:
    assert settled(body(parse(source))) == Part(text, tuple(Entity(*entity) for entity in entities))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The needles only save time: a text is scrubbed the same as if every pattern were looked for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.scrub import PATTERNS, scrubbed

PIECES = [
    *("/bot", "123456789", ":", "%3A", "%3a", "A" * 25, "camp_live_", "whsec_", "Authorization", "AUTHORIZATION: "),
    *("ba\u017fic ", "Bearer ", "basic", " ", "://", "me:pw@", "@", "password=", "Token", "='", "secret': '"),
    *("input_value=", ", input_type=", "\u0131", "\u212a", "'", '"', "\\", "x", "abcdefgh", "\n"),
]


def looked_for_everywhere(text: str) -> str:
    for _, pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_text_is_scrubbed_as_if_every_pattern_were_looked_for(text: str) -> None:
    assert scrubbed(text) == looked_for_everywhere(text)

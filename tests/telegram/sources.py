# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Sources in CommonMark of which it is known what a reader must see, and where links must lead."""

from dataclasses import dataclass

from hypothesis import strategies as st

WORDS = (
    "mensa",
    "chiusa",
    "27",
    "novembre",
    "学校停课",
    "😀",
    "perché",
    "1 < 2 & 3",
    "7.42",
    "a_b_c",
    "https",
    "👨‍👩‍👧‍👦",
)
WRAPPERS = (
    "{}",
    "{}",
    "{}",
    "**{}**",
    "*{}*",
    "~~{}~~",
    "`{}`",
    "***{}***",
    "**{} *{}***",
    "[{}](https://a.it/{})",
    "[**{}**](https://a.it/{})",
)
BLOCKS = (
    "{}",
    "{}",
    "## {}",
    "> {}",
    "- {}",
    "- {}\n- {}",
    "3. {}\n4. {}",
    "- {}\n  - {}\n    - {}",
    "> - {}\n> - {}",
    "---",
)
LOOSE = ("*", "**", "`", "~~", "[", "]", "(", "\\", "_", "!", "|", ">", "#", "&")


@dataclass(frozen=True)
class Source:
    text: str
    seen: str
    targets: tuple[str, ...] = ()


@st.composite
def sources(draw: st.DrawFn, loose: tuple[str, ...] = LOOSE) -> Source:
    """Paragraphs, lists and quotes of words with looks; now and then a sign that means nothing."""
    blocks = [draw(_block(loose)) for _ in range(draw(st.integers(1, 6)))]
    return Source(
        "\n\n".join(block.text for block in blocks),
        "".join(block.seen for block in blocks),
        tuple(target for block in blocks for target in block.targets),
    )


@st.composite
def _block(draw: st.DrawFn, loose: tuple[str, ...]) -> Source:
    pattern = draw(st.sampled_from(BLOCKS))
    lines = [draw(_line(loose)) for _ in range(pattern.count("{}"))]
    return Source(
        pattern.format(*(line.text for line in lines)),
        "".join(line.seen for line in lines),
        tuple(target for line in lines for target in line.targets),
    )


@st.composite
def _line(draw: st.DrawFn, loose: tuple[str, ...]) -> Source:
    pieces = [draw(_piece()) for _ in range(draw(st.integers(1, 8)))]
    sign = draw(st.sampled_from((*(" ",) * 6, *loose)))
    return Source(
        f" {sign} ".join(piece.text for piece in pieces),
        "".join(piece.seen for piece in pieces),
        tuple(target for piece in pieces for target in piece.targets),
    )


@st.composite
def _piece(draw: st.DrawFn) -> Source:
    wrapper = draw(st.sampled_from(WRAPPERS))
    if wrapper.startswith("["):
        word, target = draw(st.sampled_from(WORDS)), draw(st.integers(0, 99))
        return Source(wrapper.format(word, target), word, (f"https://a.it/{target}",))
    words = [draw(st.sampled_from(WORDS)) for _ in range(wrapper.count("{}"))]
    return Source(wrapper.format(*words), "".join(words))

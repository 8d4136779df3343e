# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Plain text as people write it: what is tidied without a word, and what is refused with its place."""

import unicodedata

import regex

MAX_CLUSTER = 64
PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""What a schema can tell of a text: no control characters. That something can be seen is looked at besides."""

_UNPRINTABLE = regex.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|(?P<surrogate>\p{Cs})|(?P<nothing>\p{Noncharacter_Code_Point})"
)
# Joiners shape Arabic and Indic words and hold emoji together; tags end the flags of nations. Elsewhere they only hide.
_JOINING = (
    r"[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}"
    r"\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Myanmar}]"
)
_LOOSE_JOINER = regex.compile(
    r"(?:(?<=[\p{Extended_Pictographic}\ufe0f\p{Emoji_Modifier}])\u200d(?=\p{Extended_Pictographic})"
    rf"|(?<={_JOINING}\p{{M}}*)[\u200c\u200d](?={_JOINING}))(*SKIP)(*FAIL)|[\u200c\u200d]"
)
_HIDDEN = regex.compile(
    r"\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f(*SKIP)(*FAIL)"
    r"|[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_VISIBLE = regex.compile(r"[^\s\p{C}\p{Default_Ignorable_Code_Point}\u2800\ufffc]|\p{Co}")
_CLUSTER = regex.compile(r"\X")
# Without one of these no character of more than two signs can be built.
_PILES_UP = regex.compile(r"[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}\p{GCB=Prepend}\p{GCB=L}\p{GCB=V}\p{GCB=T}]")


class SpellingError(ValueError):
    """A text that cannot be published as it stands; the message says what is wrong and where."""


def checked_plain_text(text: str) -> str:
    """One tidied line, or a `SpellingError`."""
    line = checked_plain_lines(text)
    if "\n" in line:
        raise SpellingError(f"a line break is not allowed here ({place(line, line.index(chr(10)))})")
    return line


def checked_plain_lines(text: str) -> str:
    """One or more tidied lines, or a `SpellingError`."""
    refuse_unprintable(text)
    lines = tidied(text).strip()
    if not is_visible(lines):
        raise SpellingError("nothing in it can be seen (line 1, position 1)")
    refuse_towers(lines)
    return lines


def tidied(text: str) -> str:
    """The same text with one kind of line break, no tabs, nothing hidden, in Unicode's composed form."""
    unbroken = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if unbroken.isascii():
        return unbroken
    unbroken = unbroken.replace("\u2028", "\n").replace("\u2029", "\n")
    return unicodedata.normalize("NFC", _LOOSE_JOINER.sub("", _HIDDEN.sub("", unbroken)))


def refuse_unprintable(text: str) -> None:
    found = _UNPRINTABLE.search(text)
    if found is None:
        return
    name = {"surrogate": "half of a character", "nothing": "no character at all"}
    what = name.get(found.lastgroup or "", "a control character")
    raise SpellingError(f"U+{ord(found[0]):04X} is {what} ({place(text, found.start())})")


def refuse_towers(text: str) -> None:
    """Refuse what is one character to the eye and has no end: it would fit into no post."""
    if text.isascii() or not _PILES_UP.search(text):
        return
    for cluster in _CLUSTER.finditer(text):
        if 2 * len(cluster[0]) > MAX_CLUSTER and units(cluster[0]) > MAX_CLUSTER:  # a code point has one or two
            where = place(text, cluster.start())
            raise SpellingError(f"more than {MAX_CLUSTER} signs are piled up into one character ({where})")


def is_visible(text: str) -> bool:
    return _VISIBLE.search(text) is not None


def units(text: str) -> int:
    """The length in UTF-16 code units, as Telegram counts offsets."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def place(text: str, index: int) -> str:
    """Where a character stands, counted from one, as an editor shows it."""
    lines = regex.split(r"\r\n|[\r\n]", text[:index])
    return f"line {len(lines)}, position {len(lines[-1]) + 1}"

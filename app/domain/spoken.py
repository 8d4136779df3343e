# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which text of a notice a place shows that wants a language."""

from collections.abc import Sequence

from app.domain.notice import Notice


def kindred(notice: Notice, wanted: str) -> str | None:
    """Give the language of the text in the wanted language, else in a variety of it."""
    if wanted in notice.texts:
        return wanted
    primary = wanted.partition("-")[0]
    return next((tag for tag in notice.texts if tag.partition("-")[0] == primary), None)


def spoken(notice: Notice, wanted: str) -> str:
    """Give that language, else that of the first text."""
    return kindred(notice, wanted) or next(iter(notice.texts))


def all_spoken(notice: Notice, wanted: Sequence[str]) -> list[tuple[str, str]]:
    """Pair each wanted language with that of the text in it; where there is none at all, the first with the first."""
    found = [(each, tag) for each in wanted if (tag := kindred(notice, each)) is not None]
    return found or [(wanted[0], next(iter(notice.texts)))]

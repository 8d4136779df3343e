# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The colours of the Italian alerts: how they rank, and how they are found in what an authority wrote."""

import re
from enum import IntEnum

from app.domain.notice import Priority


class Colour(IntEnum):
    """How grave an alert is; green: none."""

    GREEN = 0
    YELLOW = 1
    ORANGE = 2
    RED = 3

    @property
    def priority(self) -> Priority:
        return Priority.URGENT if self >= Colour.ORANGE else Priority.NORMAL


FORMS = {
    Colour.RED: ("ross[aoei]|red", "红色|紅色"),
    Colour.ORANGE: ("arancion[ei]|arancio|orange", "橙色"),
    Colour.YELLOW: ("giall[aoie]|yellow", "黄色|黃色"),
    Colour.GREEN: ("verd[ei]|green", "绿色|綠色"),
}
FOUND = {
    colour: re.compile(rf"(?<![^\W\d_])(?:{latin})(?![^\W\d_])|{chinese}", re.IGNORECASE)
    for colour, (latin, chinese) in FORMS.items()
}


def colour_in(text: str) -> Colour | None:
    """Give the gravest colour that a text names in Italian, English or Chinese, or None."""
    return next((colour for colour, form in FOUND.items() if form.search(text)), None)

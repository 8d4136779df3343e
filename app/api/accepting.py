# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether a caller takes what we can give (RFC 9110, Accept)."""

from collections.abc import Sequence

MOST = 50


def accepts(given: Sequence[str], forms: Sequence[str]) -> bool:
    """Tell whether at least one of our media types is wanted; the most exact range decides about each of them."""
    if not given or given[0] in ("*/*", *forms):
        return True
    ranges = _ranges(given)
    return not ranges or any(_weight(form, ranges) > 0 for form in forms)


def prefers(given: Sequence[str], form: str, other: str) -> bool:
    """Tell whether a caller who says so wants one of our media types more than another."""
    ranges = _ranges(given)
    return _weight(form, ranges) > _weight(other, ranges)


def _ranges(given: Sequence[str]) -> list[tuple[str, float]]:
    return [_range(one) for value in given for one in value.split(",")[:MOST] if one.strip()]


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    weights = [part.removeprefix("q=") for part in parameters if part.startswith("q=")]
    return name, 1.0 if not weights or not _is_weight(weights[0]) else float(weights[0])


def _is_weight(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdecimal()


def _weight(form: str, ranges: Sequence[tuple[str, float]]) -> float:
    for named in (form, form.partition("/")[0] + "/*", "*/*"):
        weights = [weight for name, weight in ranges if name == named]
        if weights:
            return max(weights)
    return 0.0

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The moments that are taken from outside: near enough that every calendar, zone and database can count with them."""

from datetime import datetime

FIRST_YEAR, LAST_YEAR = 2000, 2199
YEAR = "2[01][0-9]{2}"
"""These years and no others."""
OUT_OF_BOUNDS = f"the year is not one of {FIRST_YEAR} to {LAST_YEAR}"


def is_near(moment: datetime) -> bool:
    """Tell whether a moment can be counted with: the ends of what a datetime holds break in another zone."""
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def checked_moment(moment: datetime) -> datetime:
    """Give the moment back, or raise ValueError with the years."""
    if not is_near(moment):
        raise ValueError(OUT_OF_BOUNDS)
    return moment

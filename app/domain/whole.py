# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whole numbers as JSON has them: it knows one kind of number, so that 90.0 is as whole as 90."""

from pydantic import BeforeValidator


def _as_integer(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_as_integer)
"""For an int that is read strictly otherwise; it stands behind the Field with the bounds."""

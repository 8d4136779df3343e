# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether the request that is being answered says that an equal text is meant: it goes with each of its notices."""

from contextvars import ContextVar

_CONFIRMED: ContextVar[bool] = ContextVar("campanella_confirmed", default=False)


def is_confirmed() -> bool:
    return _CONFIRMED.get()


def confirm() -> None:
    """Take every notice that this task stores from now on as it is, however much it is like another."""
    _CONFIRMED.set(True)

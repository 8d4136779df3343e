# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How much is measured: in full, or quickly."""

from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T", int, float)


@dataclass(frozen=True, slots=True)
class Size:
    """`scale`: how many times shorter than in the issue the outages are."""

    quick: bool
    scale: float

    def of(self, full: T, quick: T) -> T:
        return quick if self.quick else full

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How calls to WeChat break, and whether the platform took them."""

from typing import Any

import pytest

LOST: dict[str, dict[str, Any]] = {
    "answer_reset": {},
    "answer_closed": {},
    "answer_hung": {},
    "cut_body": {},
    "empty_result": {},
    "wrong_shape": {},
    "oversized": {"size": 2 << 20},
    "bad_gateway": {"accepted": True},
    "late_answer": {"seconds": 30},
}
NEVER_TAKEN: dict[str, dict[str, Any]] = {
    "reset_before_accepting": {},
    "close_before_accepting": {},
    "hang_before_accepting": {},
    "bad_gateway": {},
    "literal": {"body": "<html>502</html>", "status": 502},
}
HELD = {"answer_hung", "late_answer", "hang_before_accepting"}
IMPATIENT = {"timeout": 2}


def each_of(*faults: str) -> list[Any]:
    """Give each fault with the settings of its town: one whose answer is held is waited for as long as they say."""
    return [pytest.param(IMPATIENT if fault in HELD else {}, fault, id=fault) for fault in faults]

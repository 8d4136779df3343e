# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How calls to WeChat break, and whether the platform took them."""

from typing import Any

LOST: dict[str, dict[str, Any]] = {
    "answer_reset": {},
    "answer_closed": {},
    "answer_hung": {},
    "cut_body": {},
    "empty_result": {},
    "wrong_shape": {},
    "oversized": {"size": 2 << 20},
    "bad_gateway": {"accepted": True},
    "late_answer": {"seconds": 3},
}
NEVER_TAKEN: dict[str, dict[str, Any]] = {
    "reset_before_accepting": {},
    "close_before_accepting": {},
    "hang_before_accepting": {},
    "bad_gateway": {},
    "literal": {"body": "<html>502</html>", "status": 502},
}

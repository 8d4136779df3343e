# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which delivery goes first: urgent strictly, the other lanes by a deadline, so that none starves."""

from datetime import timedelta

from app.domain.notice import Priority

LANES: dict[Priority, int] = {Priority.URGENT: 0, Priority.NORMAL: 1, Priority.BULK: 2}
NAMES: dict[int, str] = {number: priority.value for priority, number in LANES.items()}
GOALS: dict[int, timedelta] = {0: timedelta(days=-3650), 1: timedelta(minutes=1), 2: timedelta(minutes=15)}
"""Rank = ready time + goal, least first: a bulk notice older than its goal goes before a new normal one."""

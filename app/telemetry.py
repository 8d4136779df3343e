# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Logs and metrics."""

import structlog
from prometheus_client import Counter

log = structlog.get_logger()
DOORBELLS = Counter("campanella_doorbells_total", "Rings for the workers, by what became of them", ["outcome"])

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A worker on a machine whose clock is wrong by so many seconds; how fast it goes, and what Postgres says, is right."""

import os
import sys
from datetime import UTC, datetime, timedelta

import time_machine

from workers.main import main

WRONG_BY = "SHIFTED_TEST_SECONDS"

if __name__ == "__main__":
    wrong = datetime.now(UTC) + timedelta(seconds=float(os.environ[WRONG_BY]))
    with time_machine.travel(wrong, tick=True):
        sys.exit(main())

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""python -m workers."""

import sys

from workers.main import main

sys.exit(main())

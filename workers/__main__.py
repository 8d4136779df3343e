# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""python -m workers."""

import gc
import sys

gc.disable()  # aiogram builds some four hundred models while it is imported; collecting meanwhile takes a third longer

from app.garbage import look_seldom  # noqa: E402 - after the line above, which is the point
from workers.main import main  # noqa: E402

look_seldom()
sys.exit(main())

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Every target, by its name."""

from tests.fuzz.fetched import FETCHED
from tests.fuzz.sent import SENT_TO_US
from tests.fuzz.shown import SHOWN
from tests.fuzz.written import WRITTEN

TARGETS = {each.name: each for each in [*SENT_TO_US, *WRITTEN, *SHOWN, *FETCHED]}

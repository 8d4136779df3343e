# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Compares what the platform really did with what Postgres says: one program that knows nothing of the engine.

It imports nothing of the product; the rules are those that the decisions and the README promise.
"""

from deploy.checker.check import Violation, check
from deploy.checker.journal import Entry, read_journal
from deploy.checker.rows import Records, read_records

__all__ = ["Entry", "Records", "Violation", "check", "read_journal", "read_records"]

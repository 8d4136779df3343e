# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Telegram on this machine: a Bot API server that refuses what Telegram refuses, and fails on request."""

from deploy.sandbox.faults import Fault, FaultKind, Faults
from deploy.sandbox.journal import Entry
from deploy.sandbox.limits import Limits
from deploy.sandbox.sandbox import TOKEN, Sandbox

__all__ = ["TOKEN", "Entry", "Fault", "FaultKind", "Faults", "Limits", "Sandbox"]

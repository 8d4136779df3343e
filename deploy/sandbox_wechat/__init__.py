# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""WeChat on this machine: an Official Account's interface that refuses what WeChat refuses, and fails on request."""

from deploy.sandbox_wechat.rules import APP_ID, SECRET, Rules
from deploy.sandbox_wechat.sandbox import WeChat

__all__ = ["APP_ID", "SECRET", "Rules", "WeChat"]

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The half of WeChat that must stand where others call us: its settings, and the letters it sends to our door."""

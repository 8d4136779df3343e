# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Alerts of the authorities, in the forms in which they publish them, made into notices."""

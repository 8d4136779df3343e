# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The public noticeboard: pages and feeds for everyone, without key, cookie or script."""

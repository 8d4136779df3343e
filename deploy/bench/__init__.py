# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev bench: how fast, beside a bare loop and beside others, measured in one run on this machine."""

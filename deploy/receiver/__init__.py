# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A system of the municipality that is told by webhook: it verifies each call, keeps each once, and shows them."""

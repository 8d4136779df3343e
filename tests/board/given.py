# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is handed in for the boards."""

from datetime import UTC, datetime, timedelta


def titled(title: str, **members: object) -> dict[str, object]:
    """Give the members of a notice that says nothing but its title."""
    return {"texts": {"it": {"title": title}}, **members}


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Adds how much slower a channel goes, and since when that and the slower pace of an account count."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("pace", "channel"):  # in the order of claims, which would wait in a circle with the other
        since = sa.Column("slowed_at", sa.DateTime(timezone=True), server_default=sa.text("'epoch'"), nullable=False)
        op.add_column(table, since)
    op.add_column("channel", sa.Column("slowdown", sa.Float(), server_default=sa.text("1"), nullable=False))


def downgrade() -> None:
    for table in ("pace", "channel"):
        op.drop_column(table, "slowed_at")
    op.drop_column("channel", "slowdown")

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Quotas of sources, and the trace that a notice and its attempts belong to."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "quota",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("burst", moment, nullable=False),
        sa.Column("daily", moment, nullable=False),
        sa.Column("taken", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.add_column("source", sa.Column("requests_per_minute", sa.Integer(), nullable=True))
    op.add_column("source", sa.Column("requests_per_day", sa.Integer(), nullable=True))
    op.add_column("notice", sa.Column("traceparent", sa.Text(), nullable=True))
    op.add_column("notice", sa.Column("tracestate", sa.Text(), nullable=True))
    op.add_column("attempt", sa.Column("traceparent", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("attempt", "traceparent")
    op.drop_column("notice", "tracestate")
    op.drop_column("notice", "traceparent")
    op.drop_column("source", "requests_per_day")
    op.drop_column("source", "requests_per_minute")
    op.drop_table("quota")

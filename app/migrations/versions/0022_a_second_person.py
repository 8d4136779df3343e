# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Urgent notices to everybody that wait for a second person, and who let them go."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("broadcast", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "countersign",
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notice.id"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "revision"),
    )


def downgrade() -> None:
    op.drop_table("countersign")
    op.drop_column("notice", "broadcast")

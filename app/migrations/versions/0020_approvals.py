# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Texts that go out only when a person has approved them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = postgresql.ARRAY(sa.Text())
    op.add_column("service", sa.Column("approvals", kind, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("channel", sa.Column("interim", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("delivery", sa.Column("awaits", sa.Text(), nullable=True))
    waits = sa.text("awaits is not null")
    op.create_index("delivery_awaiting", "delivery", ["notice_id"], postgresql_where=waits)
    op.create_table(
        "approval",
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notice.id"), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "language", "digest"),
    )


def downgrade() -> None:
    op.drop_table("approval")
    op.drop_index("delivery_awaiting", "delivery")
    op.drop_column("delivery", "awaits")
    op.drop_column("channel", "interim")
    op.drop_column("service", "approvals")

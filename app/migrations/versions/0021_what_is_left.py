# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is left of a quota in a table of its own; what workers share, tokens among it, is no business of the API."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "allowance",
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("today", sa.Integer(), nullable=True),
        sa.Column("month", sa.Integer(), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel_id"),
    )
    op.execute("delete from kept where name like 'allowance %' or name like 'token %'")


def downgrade() -> None:
    op.drop_table("allowance")
    op.execute("delete from kept where name like 'token %'")

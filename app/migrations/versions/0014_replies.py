# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where the answer to a notice is wanted, and the id of the request that handed it in, beside its trace."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("reply_to", sa.Uuid(), nullable=True))
    op.add_column("notice", sa.Column("correlation", sa.Text(), nullable=True))
    op.drop_table("notice_reply")


def downgrade() -> None:
    op.create_table(
        "notice_reply",
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notice.id"), primary_key=True),
        sa.Column("endpoint_id", sa.Uuid()),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text()),
    )
    op.drop_column("notice", "correlation")
    op.drop_column("notice", "reply_to")

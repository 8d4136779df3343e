# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the noticeboards show."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment, nothing = sa.DateTime(timezone=True), sa.text("'{}'")
    op.create_table(
        "posting",
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notice.id"), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("grades", ARRAY(sa.Text()), server_default=nothing, nullable=False),
        sa.Column("schools", ARRAY(sa.Text()), server_default=nothing, nullable=False),
        sa.Column("areas", ARRAY(sa.Text()), server_default=nothing, nullable=False),
        sa.Column("posted_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("ends_at", moment, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "channel_id"),
    )
    op.create_index("posting_current", "posting", ["channel_id", "ends_at"])
    op.create_index("posting_archived", "posting", ["channel_id", "posted_at", "notice_id"])
    op.create_index("posting_changed", "posting", ["channel_id", "changed_at"])
    op.create_index(
        "posting_superseding",
        "posting",
        ["channel_id", "supersedes"],
        postgresql_where=sa.text("supersedes is not null"),
    )


def downgrade() -> None:
    op.drop_table("posting")

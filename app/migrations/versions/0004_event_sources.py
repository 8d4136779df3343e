# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The URIs that events of a source come from, as part of what tells two events apart."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "source", sa.Column("event_sources", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column("notice", sa.Column("event_source", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("notice", sa.Column("event", sa.JSON(), nullable=True))
    op.drop_constraint("notice_once", "notice")
    op.create_unique_constraint("notice_once", "notice", ["source", "event_source", "event_id"])


def downgrade() -> None:
    op.drop_constraint("notice_once", "notice")
    op.create_unique_constraint("notice_once", "notice", ["source", "event_id"])
    op.drop_column("notice", "event")
    op.drop_column("notice", "event_source")
    op.drop_column("source", "event_sources")

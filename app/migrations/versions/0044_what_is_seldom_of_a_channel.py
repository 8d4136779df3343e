# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Indexes the channels that are paused and those that are retired, which every worker looks for each second."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("channel_paused", "channel", ["paused_at"], postgresql_where=sa.text("paused_at is not null"))
    op.create_index("channel_retired", "channel", ["id"], postgresql_where=sa.text("retired_at is not null"))


def downgrade() -> None:
    op.drop_index("channel_retired", table_name="channel")
    op.drop_index("channel_paused", table_name="channel")

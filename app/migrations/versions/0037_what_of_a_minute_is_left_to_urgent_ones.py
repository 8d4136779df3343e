# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Adds until when a channel gets only what is urgent."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.Column("others_free_at", sa.DateTime(timezone=True), server_default=sa.text("'epoch'"), nullable=False)
    op.add_column("channel", moment)


def downgrade() -> None:
    op.drop_column("channel", "others_free_at")

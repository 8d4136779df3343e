# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""How many notices each channel was told on its latest day."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel", sa.Column("told_on", sa.Date(), nullable=True))
    op.add_column("channel", sa.Column("told", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    op.drop_column("channel", "told")
    op.drop_column("channel", "told_on")

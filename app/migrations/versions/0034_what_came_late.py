# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Lets the pace remember the last sends of its account, and when they can have arrived."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moments = ARRAY(sa.DateTime(timezone=True))
    op.add_column("pace", sa.Column("sent", moments, nullable=False, server_default=sa.text("'{}'")))


def downgrade() -> None:
    op.drop_column("pace", "sent")

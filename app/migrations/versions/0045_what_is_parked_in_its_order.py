# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Indexes what is parked by its order, so that a claim sees at once what a resume has forgotten in a channel."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    parked = sa.text("state in ('due', 'in_doubt') and parked")
    op.create_index("delivery_parked", "delivery", ["channel_id", "rank", "id"], postgresql_where=parked)


def downgrade() -> None:
    op.drop_index("delivery_parked", table_name="delivery")

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Withdrawn notices that are deleted; one channel per place; what waits, found by its channel."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None
IN_USE = sa.text("retired_at is null")
WAITING = sa.text("(state in ('due', 'in_doubt') and parked) or state in ('held', 'dead')")


def upgrade() -> None:
    op.add_column("delivery", sa.Column("erase", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("delivery", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("channel_place", "channel", ["kind", "address"], unique=True, postgresql_where=IN_USE)
    op.create_index("delivery_waiting", "delivery", ["channel_id", "state"], postgresql_where=WAITING)


def downgrade() -> None:
    op.drop_index("delivery_waiting", table_name="delivery")
    op.drop_index("channel_place", table_name="channel")
    op.drop_column("delivery", "deleted_at")
    op.drop_column("delivery", "erase")

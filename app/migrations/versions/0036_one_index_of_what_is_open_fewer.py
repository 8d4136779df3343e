# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Drops the index of all that is open in its order, of which claims now have the part that is free."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

OPEN = "state in ('due', 'in_doubt') and not parked"


def upgrade() -> None:
    op.drop_index("delivery_next", table_name="delivery")


def downgrade() -> None:
    op.create_index("delivery_next", "delivery", ["rank", "id"], postgresql_where=sa.text(OPEN))

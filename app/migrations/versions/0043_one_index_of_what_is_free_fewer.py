# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Drops the index in which what waits for a person or for tomorrow stood amid what is free to be claimed."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

FREE = "state in ('due', 'in_doubt') and not parked and lease_until is null"


def upgrade() -> None:
    op.drop_index("delivery_free", table_name="delivery")


def downgrade() -> None:
    op.create_index("delivery_free", "delivery", ["rank", "id"], postgresql_where=sa.text(FREE))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is free to be claimed has an index in its order; whoever asks what waits in one channel cannot take it for his.

Where nothing was open when Postgres last looked, it thinks both indexes empty: then either is as good to it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

OPEN = "state in ('due', 'in_doubt') and not parked"


def upgrade() -> None:
    free = sa.text(f"{OPEN} and lease_until is null")
    op.create_index("delivery_free", "delivery", ["rank", "id"], postgresql_where=free)
    op.drop_index("delivery_next", table_name="delivery")


def downgrade() -> None:
    op.create_index("delivery_next", "delivery", ["rank", "id"], postgresql_where=sa.text(OPEN))
    op.drop_index("delivery_free", table_name="delivery")

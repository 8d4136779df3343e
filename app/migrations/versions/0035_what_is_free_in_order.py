# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What is free to be claimed has an index in its order; whoever asks what waits in one channel cannot take it for his.

Where nothing was open when Postgres last looked, it thinks both empty: then either is as good to it. So 0036 drops
the other one, by itself: what waits for a reader there need not build the index again each time it comes back.
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


def downgrade() -> None:
    op.drop_index("delivery_free", table_name="delivery")

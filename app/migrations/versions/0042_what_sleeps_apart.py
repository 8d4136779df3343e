# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Indexes of what may go without what waits for a person or for tomorrow, and of that by when its time comes.

The one that 0043 drops is dropped by itself: what waits for a reader there need not build these again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

AWAKE = "state in ('due', 'in_doubt') and not parked and (awaits is null or failures > 0 or state = 'in_doubt')"
ASLEEP = "state = 'due' and not parked and lease_until is null and failures = 0 and awaits"


def upgrade() -> None:
    some, free = sa.text(AWAKE), sa.text(f"{AWAKE} and lease_until is null")
    person, tomorrow = sa.text(f"{ASLEEP} is not null and awaits <> 'tomorrow'"), sa.text(f"{ASLEEP} = 'tomorrow'")
    op.create_index("delivery_ready", "delivery", ["rank", "id"], postgresql_where=free)
    op.create_index("delivery_in_order", "delivery", ["channel_id", "rank", "id"], postgresql_where=some)
    op.create_index("delivery_waking", "delivery", ["due_at"], postgresql_where=person)
    op.create_index("delivery_tomorrow", "delivery", ["due_at", "channel_id", "rank", "id"], postgresql_where=tomorrow)


def downgrade() -> None:
    for name in ("tomorrow", "waking", "in_order", "ready"):
        op.drop_index(f"delivery_{name}", table_name="delivery")

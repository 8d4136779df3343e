# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Marks what may have arrived before it was written down; apart from the new column, whose lock nobody could pass."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# In the order in which a worker locks what it records. What was seen as a whole later is in doubt no more; where an
# answer was no more than likely, rather one too many is marked: it costs a look into the channel.
MARK = """
with unknown as (
  select d.id from delivery d
   where d.state in ('dead', 'due', 'expired') and not d.doubted and exists (
     select from attempt a
      where a.delivery_id = d.id and a.action = 'post' and a.outcome in ('doubted', 'crashed')
        and not (d.shown is not null and exists (
          select from attempt b where b.delivery_id = d.id and b.token > a.token and b.outcome = 'delivered')))
   order by d.id for no key update of d
)
update delivery d set doubted = true from unknown where d.id = unknown.id
"""


def upgrade() -> None:
    op.execute(MARK)


def downgrade() -> None:
    """What is known goes with its column."""

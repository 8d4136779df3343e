# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Marks what may stand without a text that awaited a person; apart from the new column, as 0033 is."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

# In the order in which a worker locks what it records. What was delivered and waits for nobody shows its texts. Of all
# else of a service that asks for approvals nobody has kept it: of that no text is shown anew that has none, as ever.
MARK = """
with unknown as (
  select d.id from service v join notice n on n.service = v.slug join delivery d on d.notice_id = n.id
   where v.approvals <> '{}' and d.shown is not null and d.spoken is null
     and (d.state <> 'delivered' or d.awaits is not null)
   order by d.id for no key update of d
)
update delivery d set spoken = '{}' from unknown where d.id = unknown.id
"""


def upgrade() -> None:
    op.execute(MARK)


def downgrade() -> None:
    """What is known goes with its column."""

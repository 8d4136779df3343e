# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether a post may stand in a channel of which no row knows: whoever gives many a fresh start leaves such out."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

KNOWN = """
update delivery d set doubted = true
 where d.state = 'dead' and exists (select from attempt a where a.delivery_id = d.id and a.action = 'post'
                                                            and a.outcome in ('doubted', 'crashed'))
"""


def upgrade() -> None:
    op.add_column("delivery", sa.Column("doubted", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(KNOWN)


def downgrade() -> None:
    op.drop_column("delivery", "doubted")

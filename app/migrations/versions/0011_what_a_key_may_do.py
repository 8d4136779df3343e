# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a key may do, from where and from when, who made it, and whether its digest was made with the pepper."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ADDED = ("scopes", "networks", "peppered", "created_by", "not_before", "last_used_ip")


def upgrade() -> None:
    for name in ("scopes", "networks"):
        op.add_column("key", sa.Column(name, ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("key", sa.Column("peppered", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("key", sa.Column("created_by", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("key", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("key", sa.Column("last_used_ip", sa.Text(), nullable=True))


def downgrade() -> None:
    for name in ADDED:
        op.drop_column("key", name)

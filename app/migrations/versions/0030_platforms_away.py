# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Whether a platform answers at all, and how often it was asked since."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INSTANTS = ("troubled_at", "away_since", "asked_at")


def upgrade() -> None:
    for name in INSTANTS:
        op.add_column("pace", sa.Column(name, sa.DateTime(timezone=True)))
    op.add_column("pace", sa.Column("asked", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    for name in ("asked", *INSTANTS):
        op.drop_column("pace", name)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What operators were told, so that several workers tell it once."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "alarm",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("figure", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_until", moment, nullable=True),
        sa.Column("told_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
    )


def downgrade() -> None:
    op.drop_table("alarm")

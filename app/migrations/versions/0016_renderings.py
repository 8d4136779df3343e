# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Questions to the workers how a notice would look; unlogged, since nothing of them is to stay."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "rendering",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("asked_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("taken_at", moment, nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        prefixes=["unlogged"],
    )


def downgrade() -> None:
    op.drop_table("rendering")

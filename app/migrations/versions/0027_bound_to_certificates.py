# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Keys that need a certificate, and what may come once only: for all processes, and also after a crash."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("key", sa.Column("certificate", sa.Text()))
    op.create_table(
        "token_seen",
        sa.Column("whose", sa.Text(), primary_key=True),
        sa.Column("jti", sa.Text(), primary_key=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("token_seen_expired", "token_seen", ["expires_at"])


def downgrade() -> None:
    op.drop_table("token_seen")
    op.drop_column("key", "certificate")

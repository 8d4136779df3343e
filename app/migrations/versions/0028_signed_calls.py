# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What a source signs its calls with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = postgresql.ARRAY(sa.Text())
    op.add_column("source", sa.Column("signers", kind, server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    op.drop_column("source", "signers")

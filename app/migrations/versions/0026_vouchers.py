# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Which vouchers of the national platform are a source's: consumer and purpose."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = postgresql.ARRAY(sa.Text())
    op.add_column("source", sa.Column("vouchers", kind, server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    op.drop_column("source", "vouchers")

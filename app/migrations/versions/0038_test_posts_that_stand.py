# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Lets a check remember the test post that stands while it asks, so that it goes also when its worker dies."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel_check", sa.Column("test_post", sa.Text))


def downgrade() -> None:
    op.drop_column("channel_check", "test_post")

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What tells two notices of one source apart whose texts are equal, where an installation looks for that."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("likeness", sa.LargeBinary(), nullable=True))
    known = sa.text("likeness is not null")
    op.create_index("notice_alike", "notice", ["source", "likeness", "created_at"], postgresql_where=known)


def downgrade() -> None:
    op.drop_index("notice_alike", "notice")
    op.drop_column("notice", "likeness")

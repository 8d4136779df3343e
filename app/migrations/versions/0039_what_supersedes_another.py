# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Lets a claim ask whether a notice is superseded, by those few that supersede one."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SUPERSEDES = "content ->> 'supersedes'"


def upgrade() -> None:
    some = sa.text(f"{SUPERSEDES} is not null")
    named = sa.text(f"({SUPERSEDES})")
    op.create_index("notice_superseding", "notice", ["source", "event_source", named], postgresql_where=some)


def downgrade() -> None:
    op.drop_index("notice_superseding", table_name="notice")

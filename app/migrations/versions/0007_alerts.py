# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What the authorities have said, channels for exercises, and the service that alerts are about."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FOLLOWED = "insert or delete or update of language, fallback, services, grades, schools, areas, retired_at"
EACH = "for each statement execute function routing_rises()"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("channel", sa.Column("test", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "alert_message",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("sent", moment, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notice.id"), nullable=False),
        sa.Column("applied_at", moment, nullable=True),
        sa.Column("taken_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("source", "sender", "identifier"),
    )
    op.create_index("alert_message_notice", "alert_message", ["notice_id"])
    op.create_index("alert_message_subject", "alert_message", ["source", "sender", "subject"])
    op.execute("drop trigger channel_routing on channel")
    op.execute(f"create trigger channel_routing after {FOLLOWED}, test on channel {EACH}")
    op.execute("insert into service (slug, name) values ('allerta-meteo', 'Allerta meteo') on conflict do nothing")


def downgrade() -> None:
    op.execute("delete from service where slug = 'allerta-meteo'")
    op.execute("drop trigger channel_routing on channel")
    op.execute(f"create trigger channel_routing after {FOLLOWED} on channel {EACH}")
    op.drop_table("alert_message")
    op.drop_column("channel", "test")

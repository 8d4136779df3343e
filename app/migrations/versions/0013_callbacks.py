# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Callbacks: endpoints of sources, what has changed (by triggers, in the transaction of the change), calls owed."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TOLD = """
create function endpoint_told() returns trigger language plpgsql as $$
begin
  if not exists (select from endpoint where retired_at is null) then
    return null;
  end if;
  if tg_table_name = 'notice' then
    insert into endpoint_change (notice_id, state)
    select new.id, case tg_op when 'INSERT' then 'accepted' else 'withdrawn' end
     where exists (select from endpoint where source = new.source and retired_at is null);
  else
    insert into endpoint_change (notice_id, delivery_id, state)
    select new.notice_id, new.id, new.state
     where exists (select from endpoint e join notice n on n.source = e.source
                    where n.id = new.notice_id and e.retired_at is null);
  end if;
  return null;
end
$$
"""
TRIGGERS = (
    "create trigger notice_accepted after insert on notice for each row execute function endpoint_told()",
    """
create trigger notice_withdrawn after update of withdrawn_at on notice for each row
  when (old.withdrawn_at is null and new.withdrawn_at is not null) execute function endpoint_told()
""",
    """
create trigger delivery_changed after update of state on delivery for each row
  when (old.state is distinct from new.state and new.state <> 'due') execute function endpoint_told()
""",
)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    now = sa.text("now()")
    op.create_table(
        "endpoint",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", moment, server_default=now, nullable=False),
        sa.Column("retired_at", moment),
        sa.Column("consented_at", moment),
        sa.Column("ask_at", moment, server_default=now, nullable=False),
        sa.Column("asked_at", moment),
        sa.Column("problem", sa.Text()),
        sa.Column("rate", sa.Integer()),
        sa.Column("turn_until", moment),
        sa.Column("free_at", moment, server_default=sa.text("'epoch'"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed_at", moment),
        sa.Column("failing_since", moment),
        sa.Column("disabled_at", moment),
        sa.Column("disabled_reason", sa.Text()),
    )
    op.create_index("endpoint_of", "endpoint", ["source"], postgresql_where=sa.text("retired_at is null"))
    op.create_table(
        "endpoint_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", moment, server_default=now, nullable=False),
    )
    op.create_table(
        "endpoint_call",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("endpoint_id", sa.Uuid(), sa.ForeignKey("endpoint.id"), nullable=False),
        sa.Column("notice_id", sa.Uuid()),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", moment, server_default=now, nullable=False),
        sa.Column("due_at", moment, server_default=now, nullable=False),
        sa.Column("tried_at", moment),
        sa.Column("settled_at", moment),
        sa.Column("error", sa.Text()),
        sa.UniqueConstraint("endpoint_id", "key", name="endpoint_call_once"),
    )
    due = sa.text("state = 'due'")
    op.create_index("endpoint_call_due", "endpoint_call", ["endpoint_id", "due_at"], postgresql_where=due)
    op.create_index("endpoint_call_oldest", "endpoint_call", ["created_at"])
    op.create_table(
        "notice_reply",
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notice.id"), primary_key=True),
        sa.Column("endpoint_id", sa.Uuid()),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text()),
    )
    for statement in (TOLD, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    for trigger, table in (
        ("delivery_changed", "delivery"),
        ("notice_withdrawn", "notice"),
        ("notice_accepted", "notice"),
    ):
        op.execute(f"drop trigger {trigger} on {table}")
    op.execute("drop function endpoint_told()")
    for table in ("notice_reply", "endpoint_call", "endpoint_change", "endpoint"):
        op.drop_table(table)

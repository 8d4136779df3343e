# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The audit log, which can be added to and not changed: what is forgotten goes through one function, in due time."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REFUSE = """
create function audit_refuse() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and tg_level = 'ROW' then
    if old.at < now() - interval '184 days' and old.number <= (select number from audit_checkpoint) then
      return old;
    end if;
  end if;
  raise exception 'the audit log is never changed' using errcode = 'insufficient_privilege';
end $$
"""
REFUSE_EARLIER = """
create function audit_checkpoint_refuse() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and tg_level = 'ROW' then
    if new.number > old.number and new.at < now() - interval '184 days'
       and exists (select from audit where number = new.number and at = new.at and hash = new.hash) then
      return new;
    end if;
  end if;
  raise exception 'the checkpoint of the audit log only moves on' using errcode = 'insufficient_privilege';
end $$
"""
# Runs with the rights of the owner: whoever uses the database as api or worker may not delete by themselves.
PRUNE = """
create function audit_prune(kept interval) returns integer language plpgsql security definer
set search_path = pg_catalog, public as $$
declare
  latest bigint;
  gone integer;
begin
  perform pg_advisory_xact_lock(7264151033);
  select max(number) into latest from audit where at < now() - greatest(kept, interval '184 days');
  if latest is null then
    return 0;
  end if;
  update audit_checkpoint set number = audit.number, at = audit.at, hash = audit.hash
    from audit where audit.number = latest;
  delete from audit where number <= latest;
  get diagnostics gone = row_count;
  return gone;
end $$
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    told = [sa.Column(name, sa.Text(), nullable=False) for name in ("who", "label", "act", "target")]
    more = [sa.Column(name, sa.Text(), nullable=True) for name in ("why", "address", "before", "after")]
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger(), autoincrement=False, primary_key=True),
        sa.Column("at", moment, nullable=False),
        *told,
        *more,
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    op.create_index("audit_target", "audit", ["target", "number"])
    op.create_index("audit_who", "audit", ["who", "number"])
    op.create_table(
        "audit_checkpoint",
        sa.Column("single", sa.Boolean(), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    op.execute("insert into audit_checkpoint values (true, 0, 'epoch', decode(repeat('00', 32), 'hex'))")
    for statement in (REFUSE, REFUSE_EARLIER, PRUNE):
        op.execute(statement)
    _refuse("audit", "audit_refuse", "update or delete")
    _refuse("audit_checkpoint", "audit_checkpoint_refuse", "insert or update or delete")
    op.execute("revoke all on function audit_prune from public")


def _refuse(table: str, function: str, changes: str) -> None:
    op.execute(f"create trigger {function} before {changes} on {table} for each row execute function {function}()")
    op.execute(
        f"create trigger {function}_all before truncate on {table} for each statement execute function {function}()"
    )


def downgrade() -> None:
    op.drop_table("audit_checkpoint")
    op.drop_table("audit")
    for function in ("audit_prune", "audit_checkpoint_refuse", "audit_refuse"):
        op.execute(f"drop function {function}")

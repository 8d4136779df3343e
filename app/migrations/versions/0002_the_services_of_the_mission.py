# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The services a school family knows, the pace of each kind, and the epoch that tells intake of a change."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERVICES = """
insert into service (slug, name) values
  ('nidi', 'Nidi d''infanzia'),
  ('servizi-integrativi', 'Servizi integrativi, pre e post scuola'),
  ('mensa', 'Mensa scolastica'),
  ('trasporto', 'Trasporto scolastico'),
  ('pacchetto-scuola', 'Pacchetto scuola'),
  ('iscrizioni', 'Iscrizioni'),
  ('scuole', 'Scuole: aperture e chiusure')
"""
RISE = """
create function routing_rises() returns trigger language plpgsql as $$
begin
  update routing set epoch = epoch + 1;
  return null;
end $$
"""
FOLLOWED = "insert or delete or update of language, fallback, services, grades, schools, areas, retired_at"
EACH = "for each statement execute function routing_rises()"


def upgrade() -> None:
    op.execute("insert into routing (single, epoch) values (true, 1)")
    op.execute("insert into pace (kind, slowdown) values ('telegram', 1)")
    op.execute(SERVICES)
    op.execute(RISE)
    op.execute(f"create trigger channel_routing after {FOLLOWED} on channel {EACH}")
    op.execute(f"create trigger service_routing after insert or delete or update on service {EACH}")
    op.execute("alter table delivery set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)")


def downgrade() -> None:
    op.execute("drop trigger service_routing on service")
    op.execute("drop trigger channel_routing on channel")
    op.execute("drop function routing_rises")
    op.execute("delete from service")
    op.execute("delete from pace")
    op.execute("delete from routing")

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What each role of Postgres may do: the owner migrates, the API and the workers use, a reader exports.

The API needs none of the tokens by which workers speak to platforms, and workers no key of a caller.

Applied after every migration, to those of the roles that exist: ./dev and the tests have only the owner.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, text

API, WORKER, READER = "campanella_api", "campanella_worker", "campanella_reader"
READABLE = ("service", "notice", "revision", "delivery", "attempt", "audit")
"""What exports need: nothing with a digest, a secret, or the number of a chat."""
EXISTING = text("select rolname from pg_roles where rolname = any(:names)")


def grant(connection: Connection) -> None:
    """Give each role what it needs and take away the rest; repeatable."""
    found = connection.execute(EXISTING, {"names": [API, WORKER, READER]})
    for role in sorted(row.rolname for row in found):
        for statement in _statements(role):
            connection.execute(text(statement))
    connection.commit()


def _statements(role: str) -> Iterator[str]:
    yield f"revoke all on all tables in schema public from {role}"
    yield f"grant usage on schema public to {role}"
    if role == READER:
        yield f"grant select on {', '.join(READABLE)} to {role}"
        return
    yield f"grant select, insert, update, delete on all tables in schema public to {role}"
    yield f"grant usage, select on all sequences in schema public to {role}"
    yield f"revoke update, delete on audit from {role}"
    yield f"revoke insert, update, delete on audit_checkpoint, alembic_version from {role}"
    if role == API:
        yield f"revoke all on kept from {role}"
    if role == WORKER:
        yield f"revoke all on key from {role}"
        yield f"grant execute on function audit_prune to {role}"

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Runs the migrations on one connection, waiting for no lock so long that traffic waits long behind it.

Each in a transaction of its own: the locks of one are gone before the next goes through what is stored.
"""

from alembic import context
from sqlalchemy import Connection, text

from app.tables import Service

TARGET = Service.metadata


def _run(connection: Connection) -> None:
    connection.execute(text("set lock_timeout = '500ms'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=TARGET,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])

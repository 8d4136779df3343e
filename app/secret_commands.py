# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The keys with which secrets are encrypted, from the command line."""

import typer

from app.auditing import this_user
from app.database import Database
from app.running import in_the_database
from app.settings import load
from app.vault import Vault, encrypt_anew, new_key


def secret_commands() -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help="The keys with which secrets are encrypted.")
    group.command("new-key")(secrets_new_key)
    group.command("rotate")(secrets_rotate)
    return group


def secrets_new_key() -> None:
    """Print a new key for CAMPANELLA_SECRET_KEYS; put it before the others, then run `campanella secrets rotate`."""
    typer.echo(new_key())


def secrets_rotate() -> None:
    """Encrypt every secret with the first key of CAMPANELLA_SECRET_KEYS; the other keys are not needed after that."""
    vault = Vault.of(load())

    async def work(database: Database) -> None:
        done = await encrypt_anew(database.pool, vault, this_user())
        typer.echo(f"{done} secrets were encrypted anew with the key {vault.first}.")

    in_the_database(work)

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The command line. Exit codes: 1 something is not well, 2 a setting or argument is wrong, 3 a server is away."""

import asyncio
import os
import sys
import urllib.request
from typing import Annotated, NoReturn
from urllib.error import URLError

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.administration import ArgumentError, administration
from app.auditing import UnreadableAnchorError
from app.doctor import examine
from app.domain.errors import CampanellaError
from app.migrate import migrate as run_migrations
from app.restore import hold_overdue
from app.running import PostgresAwayError, run
from app.secret_commands import secret_commands
from app.serving import serve
from app.settings import SettingsError, load
from app.telemetry import configure

NOT_WELL, WRONG, AWAY = 1, 2, 3
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Campanella, the school bell of a city.",
)
for name, group in {**administration(), "secrets": secret_commands()}.items():
    app.add_typer(group, name=name)
app.command("hold-overdue")(hold_overdue)


@app.command()
def api(
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is every one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen on.")] = 8080,
) -> None:
    """Serve the HTTP API."""
    settings = load()
    configure(settings)
    serve(settings, host, port)


@app.command()
def worker() -> None:
    """Work on deliveries (the same as python -m workers)."""
    os.execv(sys.executable, [sys.executable, "-m", "workers"])  # noqa: S606 - our own module, in place of this process


@app.command()
def migrate() -> None:
    """Bring the database to the newest form."""
    settings = load()
    configure(settings)
    run(run_migrations(settings))
    typer.echo("The database is at the newest form.")


@app.command()
def health(url: Annotated[str, typer.Argument(help="Where it answers.")] = "http://127.0.0.1:8080/livez") -> None:
    """Ask a process how it is; exit code 0 when it is well."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310 - the address is the operator's own
            raise typer.Exit(0 if answer.status < 400 else 1)  # noqa: PLR2004 - the first status that is an error
    except (URLError, OSError, ValueError) as error:
        typer.echo(f"{url}: {error}", err=True)
        raise typer.Exit(NOT_WELL) from None


@app.command()
def doctor() -> None:
    """Look at everything and say what to do."""
    found = asyncio.run(examine(load()))
    table = Table("", "looked at", "found", "what to do", box=None)
    for one in found:
        mark = "[green]ok[/]" if one.well else "[red]problem[/]"
        table.add_row(mark, escape(one.what), escape(one.finding), escape(one.advice))
    Console().print(table)
    raise typer.Exit(0 if all(one.well for one in found) else 1)


def main() -> NoReturn:
    """Run a command; what is wrong is one sentence on standard error, never a traceback."""
    try:
        app()
    except (SettingsError, ArgumentError, UnreadableAnchorError) as error:
        _end(str(error), WRONG)
    except CampanellaError as error:
        _end(error.detail, NOT_WELL)
    except PostgresAwayError as error:
        _end(str(error), AWAY)
    sys.exit(0)


def _end(sentence: str, code: int) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()

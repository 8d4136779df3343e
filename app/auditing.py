# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The audit log from the command line: recompute its chain, and take an anchor to keep elsewhere."""

import getpass
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.audit import Actor, anchor, verify
from app.database import Database
from app.domain.chain import Anchor
from app.running import in_the_database

Anchors = Annotated[
    Path | None, typer.Argument(help="A file of anchors, one a line.", exists=True, dir_okay=False, readable=True)
]


class UnreadableAnchorError(Exception):
    """A line of the file of anchors is none; the text names it."""


def audit_verify(anchors: Anchors = None) -> None:
    """Recompute the whole chain, and compare it with anchors; exit code 1 when anything is wrong."""
    known = read_anchors(anchors) if anchors else []

    async def work(database: Database) -> None:
        count, found = await verify(database.pool, known)
        for fault in found:
            typer.echo(fault, err=True)
        if found:
            raise typer.Exit(1)
        against = f"{len(known)} anchors" if known else "no anchor, so that a missing end would not be noticed"
        typer.echo(f"{count} entries, each as it was written; compared with {against}.")

    in_the_database(work)


def audit_anchor() -> None:
    """Print where the log ends now, as one line of JSON: append it to a file on another machine."""

    async def work(database: Database) -> None:
        typer.echo(written(await anchor(database.pool)))

    in_the_database(work)


def this_user() -> Actor:
    """Say who types commands on this machine."""
    try:
        return Actor(f"cli:{getpass.getuser()}"[:100], "command line")
    except (KeyError, OSError):  # a numbered user of a container has no name
        return Actor("cli", "command line")


def written(end: Anchor) -> str:
    return json.dumps({"number": end.number, "at": end.at.isoformat(), "hash": end.hash.hex()})


def read_anchors(file: Path) -> list[Anchor]:
    """Read a file of anchors, or raise UnreadableAnchorError."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [_anchor(place, line) for place, line in enumerate(lines, 1)]


def _anchor(place: int, line: str) -> Anchor:
    try:
        row = json.loads(line)
        return Anchor(row["number"], datetime.fromisoformat(row["at"]), bytes.fromhex(row["hash"]))
    except (ValueError, KeyError, TypeError):
        raise UnreadableAnchorError(f"Line {place} of the anchors is none.") from None

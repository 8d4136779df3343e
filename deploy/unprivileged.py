# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Running Postgres when we are root, which Postgres refuses to be."""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SHELTERS = Path("/var/tmp")  # noqa: S108  # only a directory of our own in it, refused if somebody else made it
OTHERS_MAY_ENTER = 0o001


@dataclass(frozen=True)
class Identity:
    """Who Postgres runs as: words before its command, words for setpriv, and who must own its files."""

    prefix: tuple[str, ...] = ()
    privileges: tuple[str, ...] = ()
    owner: pwd.struct_passwd | None = None

    def give(self, path: Path) -> None:
        """Let a file or directory belong to that user, and let it be reached."""
        if self.owner is not None:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
            path.parent.chmod(path.parent.stat().st_mode | OTHERS_MAY_ENTER)

    def run(self, command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a short command as that user, ended with us, and return what it said."""
        guarded = ["setpriv", "--pdeathsig", "INT", *self.privileges, *self.prefix, *command]
        return subprocess.run(guarded, env=environment, capture_output=True, text=True, check=False)


def unprivileged() -> Identity:
    """Choose: ourselves, or nobody in a user namespace, or (where those are forbidden) the real nobody."""
    if os.geteuid() != 0:
        return Identity()
    nobody = pwd.getpwnam("nobody")  # initdb looks the uid up, so it must be a known one
    mapped = (f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
    namespace = ("unshare", "--user", *mapped)
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0:
        return Identity(prefix=namespace)
    privileges = (f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    return Identity(privileges=privileges, owner=nobody)


def reachable_place(identity: Identity, wanted: Path) -> Path:
    """Return the directory wanted (its parent is ours), or one elsewhere if the real nobody cannot get to it."""
    if identity.owner is None:
        return wanted
    wanted.parent.chmod(wanted.parent.stat().st_mode | OTHERS_MAY_ENTER)
    return wanted if all(_may_enter(each) for each in wanted.resolve().parents) else _shelter(wanted)


def reachable_binaries(identity: Identity, binaries: Path) -> Path:
    """Return the programs' directory, or a copy of it if the real nobody cannot run them."""
    if identity.owner is None or _runs(identity, binaries):
        return binaries
    packages, package = binaries.parents[2], binaries.parents[1]
    shelter = _shelter(package)
    copy = shelter / str((binaries / "initdb").stat().st_mtime_ns)
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(dir=shelter))
        for each in packages.glob(f"{package.name}*"):  # the libraries lie in a directory beside the package
            shutil.copytree(each, unfinished / each.name, symlinks=True)
        unfinished.chmod(0o755)
        _put(unfinished, copy)
    return copy / binaries.relative_to(packages)


def _put(unfinished: Path, copy: Path) -> None:
    try:
        unfinished.rename(copy)
    except OSError:  # another process was faster
        shutil.rmtree(unfinished)


def _may_enter(directory: Path) -> bool:
    return bool(directory.stat().st_mode & OTHERS_MAY_ENTER)


def _runs(identity: Identity, binaries: Path) -> bool:
    # Not postgres --version: initdb also needs the libraries and the postgres beside it.
    return identity.run([str(binaries / "initdb"), "--version"], os.environ).returncode == 0


def _shelter(for_whom: Path) -> Path:
    mark = hashlib.sha256(str(for_whom.resolve()).encode()).hexdigest()[:12]
    shelter = SHELTERS / f"campanella-{mark}"
    shelter.mkdir(mode=0o711, exist_ok=True)
    if shelter.is_symlink() or shelter.stat().st_uid != os.geteuid():
        raise PermissionError(f"{shelter} was made by somebody else; remove it")
    return shelter

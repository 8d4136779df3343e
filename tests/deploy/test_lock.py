# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""./dev lock lets new versions wait for a week, but what mends a weakness comes at once."""

import hashlib
import io
import json
import os
import re
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from deploy.locks import HOW, LOCKS, NO_DOWNLOADS, WAIT, waits
from deploy.tools import TOOLS, is_prepared

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
AGES = {"1.0": 30, "1.1": 8, "1.2": 6, "1.3": 0.1}
"""Days since each version of every package of the index came out."""
PROJECT = """
[project]
name = "una-casa"
version = "1"
requires-python = ">=3.11"
dependencies = ["prova", "altra"]
"""


def test_a_version_waits_for_a_week_unless_its_package_is_named() -> None:
    assert waits([], NOW) == ["--exclude-newer", "2026-11-19T06:30:00Z"]
    assert waits(["prova"], NOW)[2:] == ["--exclude-newer-package=prova=2026-11-26T06:30:00Z"]
    assert timedelta(days=7) <= WAIT <= timedelta(days=10)


def test_the_lock_of_the_tests_is_made_first_and_binds_those_of_what_is_shipped() -> None:
    assert next(iter(LOCKS)) == "dev"
    assert [name for name, what in LOCKS.items() if "requirements/dev.lock" in what] == ["run", "demo"]


def wheel(name: str, version: str) -> bytes:
    """Make a package with nothing in it."""
    folder, packed = f"{name}-{version}.dist-info", io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{folder}/RECORD", "")
    return packed.getvalue()


class Index(BaseHTTPRequestHandler):
    """An index that says when each file came, as the simple API has it (PEP 700)."""

    made: ClassVar[dict[str, bytes]] = {}

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self.wfile.write(self._answer())

    def _answer(self) -> bytes:
        *_, name = self.path.strip("/").split("/")
        page = name not in self.made
        body = self._page(name) if page else self.made[name]
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json" if page else "application/zip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return body

    def _page(self, name: str) -> bytes:
        files = []
        for version, days in AGES.items():
            file = f"{name}-{version}-py3-none-any.whl"
            content = self.made.setdefault(file, wheel(name, version))
            came = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
            digest = {"sha256": hashlib.sha256(content).hexdigest()}
            files.append({"filename": file, "url": f"/files/{file}", "hashes": digest, "upload-time": came})
        return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal."""


@contextmanager
def index() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def locked(folder: Path, url: str, *named: str) -> dict[str, str]:
    """Make a lock as ./dev lock does; give the versions in it."""
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))}
    ours |= {"UV_DEFAULT_INDEX": url, "UV_NO_CONFIG": "1", "UV_CACHE_DIR": str(folder / "cache"), **NO_DOWNLOADS}
    uv, how = str(TOOLS / "bin" / "uv"), waits(named, datetime.now(UTC))
    command = [uv, "pip", "compile", "pyproject.toml", *HOW, *how]
    direct = {**ours, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    done = subprocess.run(command, cwd=folder, env=direct, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "sha256:" in done.stdout
    assert "127.0.0.1" not in done.stdout
    return dict(re.findall(r"^(\w+)==([\d.]+)", done.stdout, re.MULTILINE))


@pytest.mark.skipif(not is_prepared(), reason="./dev audit --tool has not been called here")
def test_what_is_younger_than_a_week_is_in_no_lock_but_what_is_named_is(tmp_path: Path) -> None:
    with index() as url:
        usual = locked(tmp_path, url)
        urgent = locked(tmp_path, url, "prova")

    assert usual == {"altra": "1.1", "prova": "1.1"}
    assert urgent == {"altra": "1.1", "prova": "1.3"}

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Known weaknesses of what the locks name: what may pass, for how long, and what is said when nobody can be asked."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from deploy.audit import WAIVERS, Weakness, told
from deploy.processes import free_port
from deploy.state import CHECKOUT
from deploy.tools import is_prepared
from deploy.waivers import WaiverError, waived
from tests.repository.test_locks import pins

ITS_FILES = {f"{name}.py" for name in ("__init__", "audit", "state", "tools", "waivers")}
TODAY = date(2026, 11, 26)
REASON = "Only the part that serves files is concerned."
LOCK = """segno==1.6.6 \\
    --hash=sha256:e60933afc4b52137d323a4434c8340e0ce1e58cec71439e46680d4db188f11b3
pyyaml==6.0.3 \\
    --hash=sha256:000ab3d9d5a9a6d9b0ccd7a2e9a4a6d0b9ec8b5d3f6e3f1f6b0d4f5f6a7b8c9d
"""
ADVISORY = {
    "id": "GHSA-xxxx-yyyy-zzzz",
    "aliases": ["CVE-2026-0001"],
    "summary": "It is weak",
    "affected": [
        {
            "package": {"name": "segno", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.6.7"}]}],
        }
    ],
}


def waiver(**members: Any) -> str:
    given = {"id": '"PYSEC-2026-1"', "reason": f'"{REASON}"', "until": "2026-12-10", **members}
    return "[[waiver]]\n" + "\n".join(f"{name} = {value}" for name, value in given.items() if value is not None) + "\n"


def test_a_waiver_holds_until_its_day_and_not_a_day_longer() -> None:
    text = waiver(until="2026-11-26") + waiver(id='"CVE-2026-1"')

    assert waived(text, TODAY) == {"PYSEC-2026-1", "CVE-2026-1"}
    with pytest.raises(WaiverError, match="PYSEC-2026-1: the waiver ended on 2026-11-26"):
        waived(text, date(2026, 11, 27))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (waiver(until="2026-12-11"), "14 days at most"),
        (waiver(until="2026-11-25"), "ended"),
        (waiver(until='"2026-12-10"'), "is a day"),
        (waiver(until="2026-12-10T10:00:00Z"), "is a day"),
        (waiver(until=None), "until which it holds"),
        (waiver(reason='"later"'), "the reason"),
        (waiver(reason=None), "a reason"),
        (waiver(package='"segno"'), "an id, a reason and a day"),
        (waiver(id=None), "has no id"),
        ("ignore = ['CVE-2026-1']\n", "only"),
        ("[[waiver]\n", "no TOML"),
    ],
)
def test_what_is_no_waiver_fails_with_a_sentence(text: str, complaint: str) -> None:
    with pytest.raises(WaiverError, match=complaint):
        waived(text, TODAY)


def test_the_waivers_of_today_are_in_order() -> None:
    assert waived(WAIVERS.read_text(encoding="utf-8"), datetime.now(UTC).date()) is not None


def test_the_locks_that_are_looked_at_hold_all_of_the_others() -> None:
    named = {name: pins(CHECKOUT / f"requirements/{name}.lock").items() for name in ("dev", "run", "demo")}

    assert named["run"] | named["demo"] <= named["dev"]


def test_a_weakness_is_waived_by_any_of_its_names_and_a_needless_waiver_is_pointed_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [Weakness("segno 1.6.6", ("GHSA-1", "CVE-2026-1"), ("1.6.7",)), Weakness("x 1", ("PYSEC-1",), ())]

    codes = [told(found, accepted) for accepted in ((), {"CVE-2026-1"}, {"CVE-2026-1", "PYSEC-1", "CVE-2020-9"})]

    said = capsys.readouterr().out
    assert codes == [1, 1, 0]
    assert "segno 1.6.6: GHSA-1 (mended in 1.6.7), waived" in said
    assert "x 1: PYSEC-1 (not mended yet)" in said
    assert "CVE-2020-9 is of no use any more" in said


class Advisories(BaseHTTPRequestHandler):
    """Knows of one weakness, and speaks as OSV does."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"vulns": [ADVISORY]} if asked["package"]["name"] == "segno" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal."""


@contextmanager
def advisories() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def audit(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.audit", *words]
    direct = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return subprocess.run(command, cwd=CHECKOUT, env=direct, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("blocked", "code"), [(False, 3), (True, 2)], ids=["no network", "no place for them"])
def test_that_tools_are_missing_is_excused_by_a_missing_network_alone(
    tmp_path: Path, code: int, *, blocked: bool
) -> None:
    shutil.copytree(CHECKOUT / "requirements", tmp_path / "requirements")
    shutil.copytree(CHECKOUT / "deploy", tmp_path / "deploy", ignore=lambda _, names: set(names) - ITS_FILES)
    if blocked:
        (tmp_path / ".tools").write_text("no directory", encoding="utf-8")
    nowhere = {"PIP_INDEX_URL": f"http://127.0.0.1:{free_port()}/", "PIP_NO_INDEX": "0", "PIP_CONFIG_FILE": os.devnull}
    direct = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **nowhere, "PYTHONPATH": str(tmp_path)}

    command = [sys.executable, "-m", "deploy.audit", "--tool"]
    done = subprocess.run(command, cwd=tmp_path, env=direct, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, "", 1)


needs_the_tool = pytest.mark.skipif(not is_prepared(), reason="./dev audit --tool has not been called here")


@needs_the_tool
def test_what_an_advisory_says_of_a_pin_is_found(tmp_path: Path) -> None:
    lock, other = tmp_path / "some.lock", tmp_path / "other.lock"
    lock.write_text(LOCK, encoding="utf-8")
    other.write_text("pyyaml" + LOCK.split("pyyaml")[1], encoding="utf-8")

    with advisories() as url:
        weak, good = audit(lock, "--osv", url), audit(other, "--osv", url)

    assert (weak.returncode, weak.stdout) == (1, "segno 1.6.6: CVE-2026-0001 (mended in 1.6.7)\n"), weak.stderr
    assert (good.returncode, good.stdout) == (0, "No weakness is known of what the locks name.\n"), good.stderr


@needs_the_tool
def test_all_of_our_locks_are_looked_at() -> None:
    with advisories() as url:
        done = audit("--osv", url)

    assert done.returncode == 1, done.stderr
    assert re.fullmatch(r"segno [\d.]+: CVE-2026-0001 \(mended in 1\.6\.7\)\n", done.stdout)


@needs_the_tool
def test_where_nobody_can_be_asked_that_is_said_in_a_sentence_and_is_no_success(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(LOCK, encoding="utf-8")

    done = audit(lock, "--osv", f"http://127.0.0.1:{free_port()}/v1/query")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Nothing is known of weaknesses, since the advisories could not be had: ")
    assert len(done.stderr.splitlines()) == 1


@needs_the_tool
def test_a_lock_without_hashes_is_not_looked_at(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text("segno==1.6.6\n", encoding="utf-8")

    with advisories() as url:
        done = audit(lock, "--osv", url)

    assert done.returncode == 2

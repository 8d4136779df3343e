# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The worker of `./dev bench S9` that is forked anew whenever it dies: when its parent ends, none of it stays."""

import os
import signal
import sys
from pathlib import Path

from deploy.processes import Program, free_port, is_running, kill_session
from tests.deploy.children import commands_of_children, soon

PATIENCE = 120.0


def test_when_its_parent_is_killed_no_forked_worker_stays(tmp_path: Path) -> None:
    nobody, log = f"127.0.0.1:{free_port()}", tmp_path / "worker.log"
    where = {
        "CAMPANELLA_DATABASE_URL": f"postgresql://app@{nobody}/none",
        "CAMPANELLA_REDIS_URL": f"redis://{nobody}",
        "CAMPANELLA_TELEGRAM_TOKEN": "123456789:sandbox-nobody-is-asked-with-this",
        "CAMPANELLA_WORKER_PORT": "0",
    }
    words = [sys.executable, "-m", "deploy.bench.dying_worker"]
    parent = Program(name="dying", command=words, environment={**os.environ, **where}).launch(log)
    try:
        assert soon(lambda: "worker.started" in log.read_text("utf-8"), PATIENCE)
        (worker,) = commands_of_children(parent.pid)

        parent.send_signal(signal.SIGKILL)

        assert soon(lambda: not is_running(worker), PATIENCE)
    finally:
        kill_session(parent, signal.SIGKILL)
        parent.wait()

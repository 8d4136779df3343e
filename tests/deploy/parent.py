# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""A process that starts servers of its own and waits to be killed: python -m tests.deploy.parent DIRECTORY."""

import sys
import time
from pathlib import Path

from deploy.binaries import Provider
from deploy.servers import Servers

if __name__ == "__main__":
    servers = Servers.in_directory(Path(sys.argv[1]), Provider(sys.argv[2]), durable=False)
    servers.start()
    started = (servers.postgres.process, servers.redis.process)
    print(*(process.pid for process in started if process), flush=True)  # noqa: T201  # the test reads it
    time.sleep(60)

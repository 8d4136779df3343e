# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Run the receiver, on this machine only: `python -m deploy.receiver --port 8084`."""

import argparse

from aiohttp import web

from deploy.receiver.server import receiver


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.receiver", description=__doc__)
    parser.add_argument("--port", type=int, default=8084)
    web.run_app(receiver(), host="127.0.0.1", port=parser.parse_args().port, access_log=None, shutdown_timeout=1)


if __name__ == "__main__":
    main()

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: INP001 - no package: the image runs it by its path
"""The health check of the image: healthy is a container whose API or worker answers on its own port.

It imports nothing of the product, which would cost more than a second of a core at each check.
"""

import sys
import urllib.error
import urllib.request

PORTS = (8080, 9091)
"""The API's and the worker's; a container runs one of the two."""
PATIENCE = 2


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=PATIENCE) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - the status itself is the name
    except (OSError, urllib.error.HTTPError):
        return False


if __name__ == "__main__":
    sys.exit(0 if any(answers(port) for port in PORTS) else 1)

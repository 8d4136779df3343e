# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The style sheet: the part of Bootstrap Italia that the pages use, and our own additions, in one file."""

import hashlib
from pathlib import Path

STATIC = Path(__file__).parent / "static"
SHEET: bytes = b"\n".join((STATIC / name).read_bytes() for name in ("bootstrap-italia.min.css", "bacheca.css"))
ICON: bytes = (STATIC / "campanella.svg").read_bytes()
NAME = f"{hashlib.sha256(SHEET).hexdigest()[:16]}.css"
"""Other content has another name, so that it may be kept for ever."""

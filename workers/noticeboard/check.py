# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Says whether an address can be the place of a board; nobody outside is to be asked."""

import re

from app.checks import Answer
from app.domain.posting import path_of
from workers.desk import Finding, Pause

ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
NO_ADDRESS = (
    "The address of a noticeboard is the word by which it is found on the web: small letters, digits and hyphens, "
    "such as scuola."
)


async def inspect(public: str, address: str, pause: Pause | None) -> Finding:  # noqa: ARG001 - there is no pace to keep
    """Check an address, and give the public one that comes of it."""
    if ADDRESS.fullmatch(address) is None:
        return Finding(Answer("refused", NO_ADDRESS))
    return Finding(Answer("ok", address=address, link=f"{public}{path_of(address)}"))

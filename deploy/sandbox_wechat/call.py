# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""One call as the interface sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.sandbox_wechat.account import Account
from deploy.sandbox_wechat.content import read_json
from deploy.sandbox_wechat.journal import Entry
from deploy.sandbox_wechat.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its query, its raw body, the file in it, and the entry in which it notes what it did."""

    account: Account
    tokens: Tokens
    query: Mapping[str, str]
    raw: bytes
    file: bytes
    where: str
    entry: Entry

    @property
    def body(self) -> dict[str, Any]:
        return read_json(self.raw)


Answer = dict[str, Any]
"""The members of an answer."""

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""What tells two notices apart: all that they say, or what is said to whom about what."""

import hashlib

import msgspec

from app.domain.notice import Notice


def digest(notice: Notice) -> bytes:
    """Tell two contents apart whatever the order of their members.

    These are the bytes of RFC 8785: a notice holds no numbers, and its members' names are plain ASCII.
    """
    return digest_of(notice.model_dump_json())


def digest_of(content: str) -> bytes:
    """Give the digest of a notice that is written as JSON already."""
    return hashlib.sha256(msgspec.json.encode(msgspec.json.decode(content), order="deterministic")).digest()


def likeness(notice: Notice) -> bytes:
    """Tell notices apart by what is said to whom about what, whatever event it belongs to."""
    return digest_of(notice.model_dump_json(include={"service", "texts", "audience", "test"}))

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""The CommonMark a notice may use, read once into blocks that every kind of channel can render."""


def checked_plain_text(text: str) -> str:
    return text


def checked_markup(source: str) -> str:
    return source

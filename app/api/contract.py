# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes the served document as openapi.yaml is kept: python -m app.api.contract > openapi.yaml."""

import sys
from pathlib import Path
from typing import Any

import yaml

from app.api.application import api, document_of

FILE = Path(__file__).parents[2] / "openapi.yaml"
HEAD = """\
# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""


class _Writer(yaml.SafeDumper):
    """Longer texts as blocks, and nothing by reference: the file is read by people."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def _text(writer: _Writer, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text and not any(line.endswith(" ") for line in text.split("\n")) else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)


def contract() -> str:
    """Give the document that is served, in the form of the file."""
    return HEAD + yaml.dump(document_of(api()), Dumper=_Writer, sort_keys=False, allow_unicode=True, width=110)


if __name__ == "__main__":
    sys.stdout.write(contract())

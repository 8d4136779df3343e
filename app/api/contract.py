# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
"""Writes the served document as openapi.yaml is kept: python -m app.api.contract > openapi.yaml."""

import sys
from collections.abc import Mapping
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
    """Give the document of the example installation, in the form of the file."""
    return HEAD + as_yaml(document_of(api()))


def as_yaml(document: Mapping[str, object]) -> str:
    """Write a document for people."""
    text: str = yaml.dump(dict(document), Dumper=_Writer, sort_keys=False, allow_unicode=True, width=110)
    return text


if __name__ == "__main__":
    sys.stdout.write(contract())

# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: INP001 - no package: the build of the image runs it by its path
"""python sbom.py LOCK PYPROJECT: the bill of materials of this environment, as CycloneDX 1.6 in JSON.

Lists what the lock pins and what is installed of it, with versions, licences and holders; the same environment gives
the same bytes. Fails if something installed differs from the lock, is missing, or has a licence that nobody allowed.
"""

import json
import re
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;\\]+)( ;)?", re.MULTILINE)
ALLOWED = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSD License",
        "CNRI-Python",
        "ISC",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
        "Unlicense",
        "Zlib",
    }
)
"""Licences that go together with EUPL-1.2 in what we ship; another one is first looked at by a person."""
CALLED = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "PSFL": "PSF-2.0",
}
"""What packages call their licence besides its identifier."""
WORDS = re.compile(r"[()]|\b(?:AND|OR|WITH)\b")
HOLDER = re.compile(r"^\s*(copyright\s.*\d{4}.*\S)\s*$", re.IGNORECASE | re.MULTILINE)
NOTICES = re.compile(r"(?i)(licen[cs]e|copying|notice)[^/]*$")


def licence(found: Distribution) -> str:
    """Give the SPDX expression of a package, or what the package calls it; empty when it says nothing."""
    classes = [each.split("::")[-1].strip() for each in members(found, "Classifier") if each.startswith("License")]
    # Older packages put the whole text where the name belongs.
    short = [text for text in members(found, "License") if "\n" not in text]
    said = next(iter([*members(found, "License-Expression"), *short, *classes]), "")
    return CALLED.get(said, said)


def is_allowed(expression: str) -> bool:
    """Tell whether every licence that an expression names is allowed."""
    names = [name.strip() for name in WORDS.split(expression) if name.strip()]
    return bool(names) and all(name in ALLOWED for name in names)


def holders(found: Distribution) -> str:
    """Give the lines on copyright from the licences that came along, or else who wrote the package."""
    texts = [path.read_text("utf-8") for path in found.files or [] if NOTICES.search(str(path)) and is_text(path.name)]
    lines = dict.fromkeys(line for text in texts for line in HOLDER.findall(text))
    authors = members(found, "Author") + members(found, "Author-email")
    return "\n".join([*lines][:20] or authors[:1])


def members(found: Distribution, name: str) -> list[str]:
    """Give what the metadata of a package say under a name, without what is empty."""
    return [text for text in found.metadata.get_all(name) or [] if text]


def is_text(name: str) -> bool:
    return not name.endswith((".py", ".pyc", ".json", ".html"))


def component(name: str, version: str, found: Distribution) -> dict[str, Any]:
    """Describe one package."""
    purl, called = f"pkg:pypi/{name}@{version}", licence(found)
    named = {"license": {"name": called}} if " License" in called else {"expression": called}
    holder = holders(found)
    described = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    return {**described, "licenses": [named], **({"copyright": holder} if holder else {})}


def fault(name: str, version: str, found: Distribution) -> str | None:
    """Say what is wrong with a package, or None."""
    if found.version != version:
        return f"{name} is {found.version}, and the lock says {version}"
    called = licence(found)
    return None if is_allowed(called) else f"{name} {version}: nobody has allowed the licence {called!r}"


def bill(lock: str, project: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Give the document, and a sentence for each fault."""
    parts, faults = [], []
    for name, version, elsewhere in PINNED.findall(lock):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            # What only another platform or another Python needs has a marker.
            faults += [] if elsewhere else [f"{name} {version} is not installed"]
            continue
        parts.append(component(name, version, found))
        faults += filter(None, [fault(name, version, found)])
    ours = {"type": "application", "bom-ref": "campanella", "name": project["name"], "version": project["version"]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**ours, "licenses": [{"expression": "EUPL-1.2"}]}},
        "components": parts,
    }, faults


def main(words: list[str]) -> int:
    """Print the document; 1 and the faults on standard error if there are any."""
    lock, pyproject = (Path(word).read_text(encoding="utf-8") for word in words)
    document, faults = bill(lock, tomllib.loads(pyproject)["project"])
    for each in faults:
        print(each, file=sys.stderr)
    if not faults:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
